// A backend as people write it with better-sse on Node's own server: `node FILE right|wrong`.
// Wrong is what comes of its usual ids, which are made anew for each event, and of not asking what
// the client has.
import { createServer } from "node:http";
import { createSession } from "better-sse";

const wrong = process.argv[2] === "wrong";
const events = [
  ["message", { status: "payment_processing", timestamp: "2026-01-01T00:00:00Z" }],
  ["message", { status: "payment_confirmed", timestamp: "2026-01-01T00:00:02Z" }],
  ["complete", { status: "shipped", trackingNumber: "1Z999AA10123456784" }],
];
const report = { component: "payments", state: "operational", since: "2026-01-01T00:00:00Z" };

const server = createServer(async (request, response) => {
  const session = await createSession(request, response, { keepAlive: 100 });
  if (request.url.startsWith("/v1/status/")) {
    session.push(report, "message", "1");
    return;
  }
  const after = wrong ? 0 : Number(session.lastId || 0);
  events.forEach(([type, data], at) => {
    if (wrong) session.push(data, type);
    else if (at >= after) session.push(data, type, String(at + 1));
  });
  response.end();
});

server.listen(0, "127.0.0.1", () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});
