// A backend as people write it with Express: `node FILE right|wrong`.
// Wrong is what comes of leaving out ids and heartbeats.
import express from "express";

const wrong = process.argv[2] === "wrong";
const events = [
  ["message", { status: "payment_processing", timestamp: "2026-01-01T00:00:00Z" }],
  ["message", { status: "payment_confirmed", timestamp: "2026-01-01T00:00:02Z" }],
  ["complete", { status: "shipped", trackingNumber: "1Z999AA10123456784" }],
];
const report = { component: "payments", state: "operational", since: "2026-01-01T00:00:00Z" };

const app = express();

function open(response) {
  response.set({ "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  response.flushHeaders();
}

function send(response, id, type, data) {
  response.write(`event: ${type}\n`);
  if (!wrong) response.write(`id: ${id}\n`);
  response.write(`data: ${JSON.stringify(data)}\n\n`);
}

app.get("/v1/orders/:id/status/stream", (request, response) => {
  open(response);
  const after = Number(request.get("Last-Event-ID") ?? 0);
  events.forEach(([type, data], at) => {
    if (at >= after) send(response, at + 1, type, data);
  });
  response.end();
});

app.get("/v1/status/stream", (request, response) => {
  open(response);
  response.write(`id: 1\ndata: ${JSON.stringify(report)}\n\n`);
  if (wrong) return;
  const beat = setInterval(() => response.write(":\n\n"), 100);
  request.on("close", () => clearInterval(beat));
});

const server = app.listen(0, "127.0.0.1", () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});
