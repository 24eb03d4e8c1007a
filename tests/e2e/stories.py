"""The scenario files that the tests of real clients play, and what a conforming client makes of them."""

ORDER = "/v1/orders/019b4132/status/stream"
INVENTORY = "/v1/inventory/stream"
CHAT = "/v1/chat/completions"

PROCESSING = '{"status":"payment_processing","timestamp":"2026-01-01T00:00:00Z"}'
CONFIRMED = '{"status":"payment_confirmed","timestamp":"2026-01-01T00:00:02Z"}'
PREPARING = '{"status":"preparing_shipment","timestamp":"2026-01-01T00:00:05Z"}'
SHIPPED = '{"status":"shipped","trackingNumber":"1Z999AA10123456784"}'

RESUME = f"""
operation: GET /v1/orders/{{id}}/status/stream
description: The connection breaks after two updates; the client has to come back from event 2.
stream:
- retry: 40
- {{id: 1, data: {PROCESSING}}}
- {{id: 2, data: {CONFIRMED}}}
- delay: 60ms
- disconnect: KIND
- {{id: 3, data: {PREPARING}}}
- {{event: complete, id: 4, data: {SHIPPED}}}
"""
"""`KIND` stands for the disconnect; afterwards the server answers 204, which ends an EventSource."""

RESUMED = [
    ("message", "1", PROCESSING),
    ("message", "2", CONFIRMED),
    ("message", "3", PREPARING),
    ("complete", "4", SHIPPED),
]
"""(type, lastEventId, data) of every event of RESUME, each once."""

RETRY = f"""
operation: GET /v1/orders/{{id}}/status/stream
description: The server asks for 700 ms between connections and sees whether it gets them.
connections:
- steps: [{{retry: 700}}, {{id: 1, data: {PROCESSING}}}, {{disconnect: end}}]
- steps: [{{event: complete, id: 2, data: {SHIPPED}}}]
"""

MULTILINE = """
operation: GET /v1/orders/{id}/status/stream
description: One event whose JSON stands on four lines of data.
stream:
- retry: 20
- id: 1
  data: |-
    {
      "status": "payment_processing",
      "timestamp": "2026-01-01T00:00:00Z"
    }
"""
MULTILINE_DATA = '{\n  "status": "payment_processing",\n  "timestamp": "2026-01-01T00:00:00Z"\n}'

SHOUTING = """
operation: GET /v1/inventory/stream
description: Two event types in turn, and a comment that no client may see.
stream:
- retry: 20
- comment: quiet
- {event: stock-change, id: 1, data: {petId: 019b4132, oldStock: 5, newStock: 4}}
- {event: price-change, id: 2, data: {petId: 019b4132, oldPrice: 10.5, newPrice: 9.75}}
- disconnect: end
"""

CROSS_ORIGIN = f"""
operation: GET /v1/orders/{{id}}/status/stream
description: Only for a page of another origin that sends its cookie along.
when:
  cookies: {{visitor: known}}
response:
  headers:
    Access-Control-Allow-Origin: "{{{{ request.headers.origin }}}}"
    Access-Control-Allow-Credentials: "true"
stream:
- {{event: complete, id: 1, data: {SHIPPED}}}
"""

NO_CORS = f"""
operation: GET /v1/orders/{{id}}/status/stream
description: The origin that may read this is another one.
response:
  headers:
    Access-Control-Allow-Origin: "http://example.org"
stream:
- {{event: complete, id: 1, data: {SHIPPED}}}
"""

OPEN_END = f"""
operation: GET /v1/orders/{{id}}/status/stream
description: One event, and then the connection stays open.
stream:
- {{id: 1, data: {PROCESSING}}}
- hold: forever
"""
