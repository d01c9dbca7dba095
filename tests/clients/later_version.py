"""A service as a later version may be: python3 later_version.py BASE_URL

Passes calls on to the service at BASE_URL and adds to every object of its answers a member, and to the roles a word,
that no client has heard of. Prints its own address, which has plain HTTP: clients differ in how they are made to
trust a certificate, and that is not what they are tried for.
"""
import http.client
import http.server
import json
import ssl
import sys
import urllib.parse

PASSED_ON = ("Authorization", "Content-Type", "Accept", "Idempotency-Key", "If-None-Match")


def grown(value):
    if isinstance(value, list):
        return [grown(one) for one in value]
    if not isinstance(value, dict):
        return value
    members = {name: grown(one) for name, one in value.items()}
    if "role" in members:
        members["role"] = "moderator"
    return {**members, "addedLater": {"why": ["not asked"]}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: self.headers[name] for name in PASSED_ON if self.headers[name]}
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(*SERVICE, timeout=30, context=context)
        connection.request(self.command, self.path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read()
        if text and answer.headers.get_content_type() == "application/json":
            text = json.dumps(grown(json.loads(text))).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type", ""))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = pass_on

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    url = urllib.parse.urlsplit(sys.argv[1])
    SERVICE = url.hostname, url.port
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}/api", flush=True)
    server.serve_forever()
