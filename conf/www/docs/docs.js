// Swagger UI over our own document. Where its files are not installed the page says so.

const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

if (window.SwaggerUIBundle) {
	SwaggerUIBundle({
		dom_id: "#calls",
		url: "/api/openapi.json",
		deepLinking: true,
		docExpansion: "list",
		defaultModelsExpandDepth: 0,
		displayRequestDuration: true,
		validatorUrl: null,
		persistAuthorization: false,
	});
} else {
	const main = document.createElement("main"), sentence = document.createElement("p");
	sentence.append("The page to try the calls in needs Swagger UI, which is not installed on this server. What the calls are stands in ");
	for (const [address, words, after] of [["/api/openapi.json", "the OpenAPI document", " and in "], ["/tour.html", "the tour", "."]]) {
		sentence.append(Object.assign(document.createElement("a"), { href: address, textContent: words }), after);
	}
	main.append(sentence);
	document.getElementById("calls").append(main);
}
