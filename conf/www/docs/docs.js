// Swagger UI over our own document. Where its files are not installed the page says so.
// Where the service has demo accounts (demo.json: a development's, never a shipped one), one acts as them at a click.

const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

const at = (id) => document.getElementById(id);
const read = async (address, request) => (await fetch(address, request)).json();
const NOBODY = "nobody";

function sayWhatIsMissing() {
	const main = document.createElement("main"), sentence = document.createElement("p");
	sentence.append("The page to try the calls in needs Swagger UI, which is not installed on this server. What the calls are stands in ");
	for (const [address, words, after] of [["/api/openapi.json", "the OpenAPI document", " and in "], ["/tour.html", "the tour", "."]]) {
		sentence.append(Object.assign(document.createElement("a"), { href: address, textContent: words }), after);
	}
	main.append(sentence);
	at("calls").append(main);
}

// --- acting as somebody ---

async function logIn(ui, email, password) {
	const { token, error } = await read("/api/auth/login", {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ email, password }),
	});
	if (!token) throw new Error(error);
	ui.preauthorizeApiKey("bearer", token);
}

function showWho(name, said) {
	for (const button of at("who").querySelectorAll("button")) {
		button.setAttribute("aria-pressed", button.value === name);
	}
	at("acting").textContent = said;
}

async function actAs(ui, demo, name) {
	if (ui.authSelectors.authorized()?.size) ui.authActions.logout(["bearer"]);
	if (name === NOBODY) return showWho(name, "Calls go without a token.");
	try {
		await logIn(ui, demo.accounts[name], demo.password);
		showWho(name, `Calls carry the token of ${demo.accounts[name]}.`);
	} catch (problem) {
		showWho(NOBODY, `Nobody could be logged in: ${problem.message}`);
	}
}

function offerAccounts(ui, demo) {
	for (const name of [NOBODY, ...Object.keys(demo.accounts)]) {
		const button = Object.assign(document.createElement("button"), { type: "button", value: name, textContent: name });
		button.addEventListener("click", () => actAs(ui, demo, name));
		at("who").append(button);
	}
	showWho(NOBODY, "Calls go without a token.");
	at("by-hand").hidden = true;
	at("at-a-click").hidden = false;
}

// --- the calls ---

// Whatever address the document names: the calls of this page are those of this server.
function tryHere(document, demo) {
	document.servers = [{ url: "/api" }];
	if (demo.accounts.buyer) {
		const body = document.paths["/auth/login"].post.requestBody.content["application/json"];
		body.example = { email: demo.accounts.buyer, password: demo.password };
	}
	return document;
}

async function show() {
	const [document, demo] = await Promise.all([read("/api/openapi.json"), read("demo.json")]);
	const ui = SwaggerUIBundle({
		dom_id: "#calls",
		spec: tryHere(document, demo),
		deepLinking: true,
		docExpansion: "list",
		defaultModelsExpandDepth: 0,
		displayRequestDuration: true,
		validatorUrl: null,
		persistAuthorization: false,
	});
	if (Object.keys(demo.accounts).length) offerAccounts(ui, demo);
}

if (window.SwaggerUIBundle) show();
else sayWhatIsMissing();
