"""Every message about scenario files, to the letter.

One row a message: the files, and the problems as an author reads them.
"""

MESSAGES = {
    "not UTF-8": (
        [b"operation: a\ndescription: \xff\n"],
        """
a.yaml:2:14: byte 0xff is no UTF-8 [not-utf8]
  mend: save the file as UTF-8
""",
    ),
    "empty file": (
        [""],
        """
a.yaml:1:1: the file is empty [empty-file]
  mend: write a scenario
""",
    ),
    "a comment alone": (
        [
            """
# nothing yet
"""
        ],
        """
a.yaml:1:1: the file is empty [empty-file]
  # nothing yet
  ^
  mend: write a scenario
""",
    ),
    "a null alone": (
        ["~\n"],
        """
a.yaml:1:1: the file is empty [empty-file]
  ~
  ^
  mend: write a scenario
""",
    ),
    "documents without content": (
        [
            """
---
---
"""
        ],
        """
a.yaml:1:1: the file is empty [empty-file]
  ---
  ^
  mend: write a scenario
""",
    ),
    "a tab for indentation": (
        ["operation: streamEvents\nstream:\n\t- data: x\n"],
        """
a.yaml:3:1: not YAML: found character that cannot start any token (while scanning for the next token) [yaml-syntax]
  - data: x
  ^
  mend: indent with spaces, not tabs
""",
    ),
    "a colon in a text": (
        [
            """
operation: streamEvents
stream:
- data: one: two
"""
        ],
        """
a.yaml:3:12: not YAML: mapping values are not allowed in this context [yaml-syntax]
  - data: one: two
             ^
  mend: quote the text that holds ': ', or check the indentation
""",
    ),
    "a reserved character": (
        [
            """
operation: streamEvents
stream:
- data: @x
"""
        ],
        """
a.yaml:3:9: not YAML: found character that cannot start any token (while scanning for the next token) [yaml-syntax]
  - data: @x
          ^
  mend: quote the text that begins with this character
""",
    ),
    "an open quote": (
        [
            """
operation: streamEvents
stream:
- data: "x
"""
        ],
        """
a.yaml:4:1: not YAML: found unexpected end of stream (while scanning a quoted scalar) [yaml-syntax]
  mend: check the quotes, brackets and indentation up to here
""",
    ),
    "a control character": (
        ["operation: streamEvents\nstream:\n- data: \x01\n"],
        "a.yaml:3:9: not YAML: control characters are not allowed [yaml-syntax]\n  - data: \\u0001\n          ^^^^^^\n  mend: write it as a \\ escape\n",
    ),
    "two equal keys": (
        [
            """
operation: streamEvents
operation: streamEvents
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:1: key 'operation' stands here twice, first in line 1 [duplicate-key]
  operation: streamEvents
  ^^^^^^^^^
  mend: keep one of the two
""",
    ),
    "a merge key": (
        [
            """
operation: streamEvents
<<: {default: true}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:1: YAML 1.2 has no merge key << [merge-key]
  <<: {default: true}
  ^^
  mend: write the keys out
""",
    ),
    "a custom tag": (
        [
            """
operation: streamEvents
stream:
- data: !custom x
"""
        ],
        """
a.yaml:3:9: unknown tag !custom [bad-tag]
  - data: !custom x
          ^^^^^^^
  mend: leave the tag out; only YAML 1.2's core tags are known
""",
    ),
    "a tag on a list": (
        [
            """
operation: streamEvents
stream:
- data: !!set [x]
"""
        ],
        """
a.yaml:3:9: unknown tag !!set [bad-tag]
  - data: !!set [x]
          ^^^^^
  mend: leave the tag out; only YAML 1.2's core tags are known
""",
    ),
    "a tag that lies": (
        [
            """
operation: streamEvents
stream:
- data: !!int x
"""
        ],
        """
a.yaml:3:9: 'x' is no !!int [bad-tag]
  - data: !!int x
          ^
  mend: leave the tag out
""",
    ),
    "an unknown alias": (
        [
            """
operation: streamEvents
stream:
- data: *nowhere
"""
        ],
        """
a.yaml:3:9: alias *nowhere has no anchor before it [unknown-alias]
  - data: *nowhere
          ^^^^^^^^
  mend: define it with &nowhere
""",
    ),
    "an alias inside itself": (
        [
            """
operation: streamEvents
stream:
- data: &all [*all]
"""
        ],
        """
a.yaml:3:15: alias *all stands inside what it names [cyclic-alias]
  - data: &all [*all]
                ^^^^
  mend: write the part out once more
""",
    ),
    "a list as a key": (
        [
            """
operation: streamEvents
? [a]
: b
"""
        ],
        """
a.yaml:2:3: a list or mapping cannot be a key [bad-key]
  ? [a]
    ^
  mend: use text as the key
""",
    ),
    "nested too deep": (
        ["operation: streamEvents\nstream:\n- data: " + "[" * 70 + "]" * 70 + "\n"],
        """
a.yaml:3:70: nested more than 64 deep [too-deep]
  - data: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
                                                                       ^
  mend: flatten it
""",
    ),
    "nested too deep by aliases": (
        [
            "operation: streamEvents\nvars:\n  a: &a "
            + "[" * 40
            + "]" * 40
            + "\n  b: "
            + "[" * 40
            + "*a"
            + "]" * 40
            + "\nresponse: {}\n"
        ],
        """
a.yaml:4:46: nested more than 64 deep [too-deep]
  b: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
                                             ^^
  mend: flatten it
""",
    ),
    "a bomb of aliases": (
        [
            """
operation: streamEvents
vars:
  a: &a [x, x, x, x, x, x, x, x, x, x]
  b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
  c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
  d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
  e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
  f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
response: {}
"""
        ],
        """
a.yaml:7:6: more than 200,000 nodes once aliases are written out [too-many-nodes]
  e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
     ^
  mend: use repeat or each
""",
    ),
    "a template without quotes": (
        [
            """
operation: streamEvents
stream:
- data: {{ now() }}
"""
        ],
        """
a.yaml:3:9: a template has to stand in quotes: YAML reads {{ as the start of a mapping [unquoted-template]
  - data: {{ now() }}
          ^^
  mend: write "{{ … }}"
""",
    ),
    "text after a template without quotes": (
        [
            """
operation: streamEvents
stream:
- data: {{ now() }} later
"""
        ],
        """
a.yaml:3:9: a template has to stand in quotes: YAML reads {{ as the start of a mapping [unquoted-template]
  - data: {{ now() }} later
          ^^
  mend: write "{{ … }}"
""",
    ),
    "no names for several documents": (
        [
            """
operation: streamEvents
response: {}
---
operation: streamEvents
scenario: second
response: {}
"""
        ],
        """
a.yaml:1:1: each of several documents in a file needs a name [missing-key]
  operation: streamEvents
  ^
  mend: add 'scenario: …'
""",
    ),
    "a name twice": (
        [
            """
scenario: same
operation: streamEvents
when: {query: {a: '1'}}
response: {}
""",
            """
scenario: same
operation: streamEvents
response: {}
""",
        ],
        """
b.yaml:1:1: the name 'same' is taken by a.yaml:1:1 [name-taken]
  scenario: same
  ^
  mend: give one of the two another name with 'scenario: …'
""",
    ),
    "a list for a scenario": (
        [
            """
- a
"""
        ],
        """
a.yaml:1:1: expected a scenario as a mapping, got a list [wrong-type]
  - a
  ^
""",
    ),
    "an unknown key": (
        [
            """
operation: streamEvents
strean: []
response: {}
"""
        ],
        """
a.yaml:2:1: unknown key 'strean' in a scenario [unknown-key]
  strean: []
  ^^^^^^
  mend: did you mean 'stream'?
""",
    ),
    "an unknown key of a step": (
        [
            """
operation: streamEvents
stream:
- dealy: 500ms
"""
        ],
        """
a.yaml:3:3: unknown key 'dealy' in a step [unknown-key]
  - dealy: 500ms
    ^^^^^
  mend: did you mean 'delay'?
""",
    ),
    "an unknown key of an event": (
        [
            """
operation: streamEvents
stream:
- data: x
  evnet: y
"""
        ],
        """
a.yaml:4:3: unknown key 'evnet' in an event [unknown-key]
  evnet: y
  ^^^^^
  mend: did you mean 'event'?
""",
    ),
    "a key that is like none": (
        [
            """
operation: streamEvents
xyz: 1
response: {}
"""
        ],
        """
a.yaml:2:1: unknown key 'xyz' in a scenario [unknown-key]
  xyz: 1
  ^^^
  mend: known here: scenario, description, operation, when, default, vars, seed, response, stream, connections, afterwards, resume, identity, patience, pace, heartbeat, wire, outcome, expect, violates
""",
    ),
    "no operation": (
        [
            """
stream: [{data: x}]
"""
        ],
        """
a.yaml:1:1: a scenario needs the key 'operation' [missing-key]
  stream: [{data: x}]
  ^
  mend: add 'operation: …'
""",
    ),
    "no times": (
        [
            """
operation: streamEvents
stream:
- repeat: {steps: [{data: x}]}
"""
        ],
        """
a.yaml:3:11: a repeat needs the key 'times' [missing-key]
  - repeat: {steps: [{data: x}]}
            ^
  mend: add 'times: …'
""",
    ),
    "an await that is no mapping": (
        [
            """
operation: streamEvents
stream:
- await: paid
"""
        ],
        """
a.yaml:3:10: expected a mapping, got 'paid' [wrong-type]
  - await: paid
           ^^^^
  mend: write 'await: {signal: paid}'
""",
    ),
    "an await of nothing": (
        [
            """
operation: streamEvents
stream:
- await: {}
"""
        ],
        """
a.yaml:3:10: an await needs the key 'signal' or 'request' [missing-key]
  - await: {}
           ^
  mend: add 'signal: …' or 'request: …'
""",
    ),
    "a misspelt signal": (
        [
            """
operation: streamEvents
stream:
- await: {singal: paid}
"""
        ],
        """
a.yaml:3:11: unknown key 'singal' in an await [unknown-key]
  - await: {singal: paid}
            ^^^^^^
  mend: did you mean 'signal'?
""",
    ),
    "a signal and a request": (
        [
            """
operation: streamEvents
stream:
- await: {signal: paid, request: payOrder}
"""
        ],
        """
a.yaml:3:10: this await is a signal and a request at once [two-kinds]
  - await: {signal: paid, request: payOrder}
           ^
  mend: write two steps
""",
    ),
    "an await with a timeout inside": (
        [
            """
operation: streamEvents
stream:
- await: {signal: paid, timeout: 5s}
"""
        ],
        """
a.yaml:3:25: unknown key 'timeout' in an await of a signal [unknown-key]
  - await: {signal: paid, timeout: 5s}
                          ^^^^^^^
  mend: known here: signal
""",
    ),
    "a signal with conditions": (
        [
            """
operation: streamEvents
stream:
- await: {signal: paid, when: {path: {id: '7'}}}
"""
        ],
        """
a.yaml:3:25: unknown key 'when' in an await of a signal [unknown-key]
  - await: {signal: paid, when: {path: {id: '7'}}}
                          ^^^^
  mend: known here: signal
""",
    ),
    "a signal that is no name": (
        [
            """
operation: streamEvents
stream:
- await: {signal: paid by card}
"""
        ],
        """
a.yaml:3:19: 'paid by card' is no name for a signal [bad-signal]
  - await: {signal: paid by card}
                    ^^^^^^^^^^^^
  mend: use letters, digits, '.', '_' and '-', up to 100
""",
    ),
    "an await of an operation that is not there": (
        [
            """
operation: streamEvents
stream:
- await: {request: streamEvent}
"""
        ],
        """
a.yaml:3:20: the document has no operation 'streamEvent' [unknown-operation]
  - await: {request: streamEvent}
                     ^^^^^^^^^^^
  mend: did you mean 'streamEvents'?
""",
    ),
    "an await with a parameter that its request does not have": (
        [
            """
operation: streamEvents
stream:
- await: {request: streamEvents, when: {path: {id: '7'}}}
"""
        ],
        """
a.yaml:3:3: /events has no path parameter 'id' [unknown-parameter]
  - await: {request: streamEvents, when: {path: {id: '7'}}}
    ^
  mend: it has none at all
""",
    ),
    "an await with a name that nothing defines": (
        [
            """
operation: streamEvents
stream:
- await: {request: streamEvents, when: {query: {id: '{{ idd }}'}}}
"""
        ],
        """
a.yaml:3:53: unknown name 'idd' in a template [unknown-name]
  - await: {request: streamEvents, when: {query: {id: '{{ idd }}'}}}
                                                      ^^^^^^^^^^^
  mend: known here: connection, example, hex, last_event_id, now, pick, random_bool, random_float, random_int, random_string, request, session, shuffle, subscription, timestamp, uuid, vars
""",
    ),
    "an await that is an event": (
        [
            """
operation: streamEvents
stream:
- {await: {signal: paid}, data: x}
"""
        ],
        """
a.yaml:3:3: this step is an event and an await at once [two-kinds]
  - {await: {signal: paid}, data: x}
    ^
  mend: write two steps
""",
    ),
    "an await whose timeout has no unit": (
        [
            """
operation: streamEvents
stream:
- await: {signal: paid}
  timeout: 5
"""
        ],
        """
a.yaml:4:12: '5' has no unit [bad-duration]
  timeout: 5
           ^
  mend: write 5ms or 5s
""",
    ),
    "an await for ever": (
        [
            """
operation: streamEvents
stream:
- await: {signal: paid}
  timeout: forever
"""
        ],
        """
a.yaml:4:12: this cannot last forever [bad-duration]
  timeout: forever
           ^^^^^^^
  mend: write a duration such as 2s
""",
    ),
    "an otherwise without a timeout": (
        [
            """
operation: streamEvents
stream:
- await: {signal: paid}
  otherwise: [{data: x}]
"""
        ],
        """
a.yaml:3:3: otherwise can never run without a timeout [unreachable]
  - await: {signal: paid}
    ^
  mend: add 'timeout: 5s', or leave otherwise out
""",
    ),
    "an otherwise without an await": (
        [
            """
operation: streamEvents
stream:
- timeout: 5s
  otherwise: [{data: x}]
"""
        ],
        """
a.yaml:3:3: this step has nothing to wait for [no-kind]
  - timeout: 5s
    ^
  mend: add await
""",
    ),
    "a step after the disconnect of an otherwise": (
        [
            """
operation: streamEvents
stream:
- await: {signal: paid}
  timeout: 5s
  otherwise: [{disconnect: end}, {data: x}]
"""
        ],
        """
a.yaml:5:34: this step can never run: the connection has ended [unreachable]
  otherwise: [{disconnect: end}, {data: x}]
                                 ^
  mend: say it in connections
""",
    ),
    "a timeout that disconnects in a loop": (
        [
            """
operation: streamEvents
stream:
- repeat: {times: 2, steps: [{await: {signal: paid}, timeout: 5s}]}
"""
        ],
        """
a.yaml:3:30: a timeout without otherwise disconnects, which cannot be inside a loop [loop-disconnect]
  - repeat: {times: 2, steps: [{await: {signal: paid}, timeout: 5s}]}
                               ^
  mend: add 'otherwise: []', or the steps that follow
""",
    ),
    "an otherwise that disconnects in a loop": (
        [
            """
operation: streamEvents
stream:
- repeat:
    times: 2
    steps:
    - await: {signal: paid}
      timeout: 5s
      otherwise: [{data: x}, {disconnect: end}]
"""
        ],
        """
a.yaml:8:30: a disconnect cannot stand inside a loop [loop-disconnect]
  otherwise: [{data: x}, {disconnect: end}]
                         ^
  mend: say it in connections
""",
    ),
    "a loop that only looks": (
        [
            """
operation: streamEvents
stream:
- repeat:
    times: forever
    steps:
    - await: {signal: paid}
      timeout: 0s
      otherwise: []
"""
        ],
        """
a.yaml:3:3: this loop may run for ever without sending or waiting [empty-loop]
  - repeat:
    ^
  mend: add every: 1s, or an event that every round sends
""",
    ),
    "an otherwise that goes back": (
        [
            """
operation: streamEvents
stream:
- await: {signal: paid}
  timeout: 5s
  otherwise: [{at: 3s, data: x}]
"""
        ],
        """
a.yaml:5:15: at: 3s goes backwards: 5s of this connection have passed by then [at-backwards]
  otherwise: [{at: 3s, data: x}]
              ^
  mend: write 5s or later, or use delay
""",
    ),
    "an await beside an operation in an otherwise": (
        [
            """
operation: streamEvents
stream:
- await: {signal: paid}
  timeout: 5s
  otherwise: [{await: {request: payOrder}}]
"""
        ],
        """
a.yaml:5:33: the document has no operation 'payOrder' [unknown-operation]
  otherwise: [{await: {request: payOrder}}]
                                ^^^^^^^^
  mend: did you mean 'streamOrder'?
""",
    ),
    "a list for raw bytes": (
        [
            """
operation: streamEvents
stream:
- raw: [1]
"""
        ],
        """
a.yaml:3:8: expected bytes, got a list [wrong-type]
  - raw: [1]
         ^
  mend: write a text, {hex: …} or {base64: …}
""",
    ),
    "nothing for raw bytes": (
        [
            """
operation: streamEvents
stream:
- raw:
"""
        ],
        """
a.yaml:3:7: expected text, got nothing [wrong-type]
  - raw:
        ^
  mend: write "" for an empty text, or leave the key out
""",
    ),
    "raw beside data": (
        [
            """
operation: streamEvents
stream:
- {raw: x, data: y}
"""
        ],
        """
a.yaml:3:3: this step is an event and raw bytes at once [two-kinds]
  - {raw: x, data: y}
    ^
  mend: write two steps
""",
    ),
    "raw in an unknown alphabet": (
        [
            """
operation: streamEvents
stream:
- raw: {hax: ef}
"""
        ],
        """
a.yaml:3:9: unknown key 'hax' in bytes [unknown-key]
  - raw: {hax: ef}
          ^^^
  mend: did you mean 'hex'?
""",
    ),
    "raw in two alphabets": (
        [
            """
operation: streamEvents
stream:
- raw: {hex: ef, base64: 7w==}
"""
        ],
        """
a.yaml:3:8: bytes are written in one way [two-kinds]
  - raw: {hex: ef, base64: 7w==}
         ^
  mend: write {hex: …} or {base64: …}
""",
    ),
    "hex that is none": (
        [
            """
operation: streamEvents
stream:
- raw: {hex: efb}
"""
        ],
        """
a.yaml:3:14: 'efb' is no hex [bad-bytes]
  - raw: {hex: efb}
               ^^^
  mend: write two digits a byte, such as 'ef bb bf'
""",
    ),
    "hex as a list": (
        [
            """
operation: streamEvents
stream:
- raw: {hex: [1]}
"""
        ],
        """
a.yaml:3:14: expected hex, got a list [wrong-type]
  - raw: {hex: [1]}
               ^
""",
    ),
    "base64 that is none": (
        [
            """
operation: streamEvents
stream:
- raw: {base64: '7u/'}
"""
        ],
        """
a.yaml:3:17: '7u/' is no base64 [bad-bytes]
  - raw: {base64: '7u/'}
                  ^^^^^
  mend: write groups of four, such as '77u/'
""",
    ),
    "a cut beyond the block": (
        [
            """
operation: streamEvents
stream:
- data: x
  cut: 10
"""
        ],
        """
a.yaml:3:3: cut: 10 goes beyond this block, which has 9 bytes [cut-beyond]
  - data: x
    ^
  mend: write 9 at most, or leave cut out
""",
    ),
    "a cut beyond the block from its end": (
        [
            """
operation: streamEvents
stream:
- repeat: {times: 2, steps: [{raw: x, cut: -3}]}
"""
        ],
        """
a.yaml:3:30: cut: -3 goes beyond this block, which has 1 byte [cut-beyond]
  - repeat: {times: 2, steps: [{raw: x, cut: -3}]}
                               ^
  mend: write -1 at most, or leave cut out
""",
    ),
    "a cut that is no number": (
        [
            """
operation: streamEvents
stream:
- {data: x, cut: half}
"""
        ],
        """
a.yaml:3:18: expected a whole number, got 'half' [wrong-type]
  - {data: x, cut: half}
                   ^^^^
""",
    ),
    "a cut without bytes": (
        [
            """
operation: streamEvents
stream:
- {delay: 1s, cut: 3}
"""
        ],
        """
a.yaml:3:3: this step has nothing to cut [no-kind]
  - {delay: 1s, cut: 3}
    ^
  mend: add data or raw
""",
    ),
    "a split without bytes": (
        [
            """
operation: streamEvents
stream:
- split: 3
"""
        ],
        """
a.yaml:3:3: this step has nothing to split [no-kind]
  - split: 3
    ^
  mend: add data or raw
""",
    ),
    "a split of nothing": (
        [
            """
operation: streamEvents
stream:
- {data: x, split: 0}
"""
        ],
        """
a.yaml:3:20: 0 is not between 1 and 1073741824 [out-of-range]
  - {data: x, split: 0}
                     ^
  mend: choose one in between
""",
    ),
    "a split without its size": (
        [
            """
operation: streamEvents
stream:
- {data: x, split: {every: 5ms}}
"""
        ],
        """
a.yaml:3:20: a split needs the key 'bytes' [missing-key]
  - {data: x, split: {every: 5ms}}
                     ^
  mend: add 'bytes: …'
""",
    ),
    "a split with a bare number for a time": (
        [
            """
operation: streamEvents
stream:
- {data: x, split: {bytes: 1, every: 5}}
"""
        ],
        """
a.yaml:3:38: '5' has no unit [bad-duration]
  - {data: x, split: {bytes: 1, every: 5}}
                                       ^
  mend: write 5ms or 5s
""",
    ),
    "a step after an endless stall": (
        [
            """
operation: streamEvents
stream:
- stall: forever
- data: x
"""
        ],
        """
a.yaml:4:3: this step can never run: stall: forever (line 3) has no end [unreachable]
  - data: x
    ^
  mend: move it before that step, or give that step an end
""",
    ),
    "an unknown line end": (
        [
            """
operation: streamEvents
wire: {newline: lfcr}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:17: expected lf, crlf, cr or mixed, got 'lfcr' [wrong-value]
  wire: {newline: lfcr}
                  ^^^^
  mend: did you mean 'lf'?
""",
    ),
    "an order with a field twice": (
        [
            """
operation: streamEvents
wire: {order: [id, data, id]}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:15: a field stands in the order twice [wrong-value]
  wire: {order: [id, data, id]}
                ^
  mend: write the fields that go first, such as [id, event, data]
""",
    ),
    "an order that is no list": (
        [
            """
operation: streamEvents
wire: {order: id}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:15: expected a list of fields, got 'id' [wrong-type]
  wire: {order: id}
                ^^
  mend: write the fields that go first, such as [id, event, data]
""",
    ),
    "an unknown key in wire": (
        [
            """
operation: streamEvents
wire: {newlines: lf}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:8: unknown key 'newlines' in wire [unknown-key]
  wire: {newlines: lf}
         ^^^^^^^^
  mend: did you mean 'newline'?
""",
    ),
    "a rate without its unit": (
        [
            """
operation: streamEvents
wire: {rate: 512}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:14: '512' is no rate [bad-rate]
  wire: {rate: 512}
               ^^^
  mend: write 512 B/s or 64 KB/s
""",
    ),
    "a rate of nothing": (
        [
            """
operation: streamEvents
wire: {rate: 0 B/s}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:14: at '0 B/s' nothing would ever arrive [bad-rate]
  wire: {rate: 0 B/s}
               ^^^^^
  mend: write 1 B/s, or use stall
""",
    ),
    "a list for a rate": (
        [
            """
operation: streamEvents
wire: {rate: [1]}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:14: expected a rate such as 512 B/s or 64 KB/s, got a list [wrong-type]
  wire: {rate: [1]}
               ^
""",
    ),
    "a coding that is not played": (
        [
            """
operation: streamEvents
wire: {encoding: br}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:18: expected identity, gzip or deflate, got 'br' [wrong-value]
  wire: {encoding: br}
                   ^^
  mend: known here: identity, gzip, deflate
""",
    ),
    "an unknown transfer": (
        [
            """
operation: streamEvents
wire: {transfer: identity}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:18: expected chunked, close or {length: N}, got 'identity' [wrong-value]
  wire: {transfer: identity}
                   ^^^^^^^^
  mend: known here: chunked, close
""",
    ),
    "a transfer without its length": (
        [
            """
operation: streamEvents
wire: {transfer: {}}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:18: a transfer needs the key 'length' [missing-key]
  wire: {transfer: {}}
                   ^
  mend: add 'length: …'
""",
    ),
    "a negative length": (
        [
            """
operation: streamEvents
wire: {transfer: {length: -1}}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:27: -1 is not between 0 and 9007199254740992 [out-of-range]
  wire: {transfer: {length: -1}}
                            ^^
  mend: choose one in between
""",
    ),
    "a transfer coding among the headers": (
        [
            """
operation: streamEvents
response: {headers: {transfer-encoding: gzip}}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:11: Transfer-Encoding is told by the server, by how it sends the body [bad-framing]
  response: {headers: {transfer-encoding: gzip}}
            ^
  mend: use wire.transfer, or raw_head for a head that is wrong
""",
    ),
    "an example that the document does not have": (
        [
            """
scenario: one
operation: getThing
response: {example: nonsense}
---
scenario: other
operation: getThing
when: {query: {a: "1"}}
response: {status: 404, example: nonsense}
"""
        ],
        """
a.yaml:3:11: getThing has no example 'nonsense' that is a whole answer [unknown-example]
  response: {example: nonsense}
            ^
  mend: name one of the document's examples, or write the body
a.yaml:8:11: getThing has no example 'nonsense' for status 404 that is a whole answer [unknown-example]
  response: {status: 404, example: nonsense}
            ^
  mend: name one of the document's examples, or write the body
""",
    ),
    "close beside keep-alive": (
        [
            """
operation: streamEvents
wire: {transfer: close}
response: {headers: {Connection: keep-alive}}
stream: [{data: x}]
"""
        ],
        """
a.yaml:3:11: transfer: close on a connection that is kept alive: its end is the body's end [bad-framing]
  response: {headers: {Connection: keep-alive}}
            ^
  mend: leave the Connection header out
""",
    ),
    "two lengths": (
        [
            """
operation: streamEvents
connections:
- wire: {transfer: {length: 3}}
  response: {headers: {content-length: 4}}
  steps: [{data: x}]
"""
        ],
        """
a.yaml:4:13: transfer: length beside a Content-Length header [bad-framing]
  response: {headers: {content-length: 4}}
            ^
  mend: keep one of the two
""",
    ),
    "chunks beside a length": (
        [
            """
operation: streamEvents
wire: {transfer: chunked}
response: {headers: {Content-Length: 4}}
stream: [{data: x}]
"""
        ],
        """
a.yaml:3:11: transfer: chunked beside a Content-Length header [bad-framing]
  response: {headers: {Content-Length: 4}}
            ^
  mend: keep one of the two
""",
    ),
    "a raw head beside a status": (
        [
            """
operation: streamEvents
response: {status: 200, raw_head: "HTTP/1.1 200 OK\\r\\n\\r\\n"}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:11: status beside raw_head, which is the whole head [two-heads]
  response: {status: 200, raw_head: "HTTP/1.1 200 OK\\r\\n\\r\\n"}
            ^
  mend: write status into raw_head, or leave raw_head out
""",
    ),
    "a raw head beside a body": (
        [
            """
operation: streamEvents
response: {raw_head: x, body: null}
"""
        ],
        """
a.yaml:2:11: body beside raw_head, which is the whole head [two-heads]
  response: {raw_head: x, body: null}
            ^
  mend: send the body as raw steps
""",
    ),
    "a raw head under a wire that frames": (
        [
            """
operation: streamEvents
wire: {bom: true, transfer: close, encoding: gzip}
response: {raw_head: x}
"""
        ],
        """
a.yaml:3:11: wire.transfer beside raw_head, after which nothing is framed [two-heads]
  response: {raw_head: x}
            ^
  mend: write the bytes as raw steps, or keep transfer out of this connection's wire
a.yaml:3:11: wire.encoding beside raw_head, after which nothing is framed [two-heads]
  response: {raw_head: x}
            ^
  mend: write the bytes as raw steps, or keep encoding out of this connection's wire
a.yaml:3:11: wire.bom beside raw_head, after which nothing is framed [two-heads]
  response: {raw_head: x}
            ^
  mend: write the bytes as raw steps, or keep bom out of this connection's wire
""",
    ),
    "a wire for a connection that breaks": (
        [
            """
operation: streamEvents
connections:
- {disconnect: reset, wire: {bom: true}}
"""
        ],
        """
a.yaml:3:3: wire has nothing to work on: this connection ends before any byte [nothing-to-do]
  - {disconnect: reset, wire: {bom: true}}
    ^
  mend: leave wire out
""",
    ),
    "a wire for a connection whose only step breaks it": (
        [
            """
operation: streamEvents
connections:
- {steps: [{disconnect: drop}], wire: {bom: true}}
"""
        ],
        """
a.yaml:3:3: wire has nothing to work on: this connection ends before any byte [nothing-to-do]
  - {steps: [{disconnect: drop}], wire: {bom: true}}
    ^
  mend: leave wire out
""",
    ),
    "an unknown name in a wire": (
        [
            """
operation: streamEvents
wire: {split: "{{ nobody }}"}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:15: unknown name 'nobody' in a template [unknown-name]
  wire: {split: "{{ nobody }}"}
                ^^^^^^^^^^^^^^
  mend: known here: connection, example, hex, last_event_id, now, pick, random_bool, random_float, random_int, random_string, request, session, shuffle, subscription, timestamp, uuid, vars
""",
    ),
    "an outcome without data": (
        [
            """
operation: streamEvents
stream: [{data: x}]
outcome: {events: [{type: message}]}
"""
        ],
        """
a.yaml:3:20: an event needs the key 'data' [missing-key]
  outcome: {events: [{type: message}]}
                     ^
  mend: add 'data: …'
""",
    ),
    "an outcome in an unknown state": (
        [
            """
operation: streamEvents
stream: [{data: x}]
outcome: {state: reconnecting}
"""
        ],
        """
a.yaml:3:18: expected open, connecting or closed, got 'reconnecting' [wrong-value]
  outcome: {state: reconnecting}
                   ^^^^^^^^^^^^
  mend: did you mean 'connecting'?
""",
    ),
    "expect is no list": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect: {connections: 2}
"""
        ],
        """
a.yaml:3:9: expected a list, got a mapping [wrong-type]
  expect: {connections: 2}
          ^
  mend: begin each entry with '- '
""",
    ),
    "expect is empty": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect: []
"""
        ],
        """
a.yaml:3:9: expect is empty [nothing-to-do]
  expect: []
          ^
  mend: write an entry such as '- connections: 2', or leave it out
""",
    ),
    "an entry of expect is no mapping": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect: [connections]
"""
        ],
        """
a.yaml:3:10: expected an entry of expect, got 'connections' [wrong-type]
  expect: [connections]
           ^^^^^^^^^^^
  mend: an entry is a mapping such as 'connections: 2'
""",
    ),
    "an entry of expect is of two kinds": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {connection: 2, last_event_id: '1', requests: {getThing: 1}}
- {connection: 2, connections: 2}
"""
        ],
        """
a.yaml:4:3: this entry is a connection and requests at once [two-kinds]
  - {connection: 2, last_event_id: '1', requests: {getThing: 1}}
    ^
  mend: write two entries
a.yaml:5:3: this entry is a connection and a number of connections at once [two-kinds]
  - {connection: 2, connections: 2}
    ^
  mend: write two entries
""",
    ),
    "an entry of expect is of no kind": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {within: 3s}
- {}
"""
        ],
        """
a.yaml:4:3: this entry expects nothing [no-kind]
  - {within: 3s}
    ^
  mend: begin it with connection, connections, closed_by or requests
a.yaml:5:3: this entry expects nothing [no-kind]
  - {}
    ^
  mend: begin it with connection, connections, closed_by or requests
""",
    ),
    "an unknown key in expect": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {conection: 2}
- {connection: 2, header: {Accept: x}}
- {closed_by: client, last: true}
"""
        ],
        """
a.yaml:4:4: unknown key 'conection' in an entry of expect [unknown-key]
  - {conection: 2}
     ^^^^^^^^^
  mend: did you mean 'connection'?
a.yaml:5:19: unknown key 'header' in a connection [unknown-key]
  - {connection: 2, header: {Accept: x}}
                    ^^^^^^
  mend: did you mean 'headers'?
a.yaml:6:23: unknown key 'last' in a closing [unknown-key]
  - {closed_by: client, last: true}
                        ^^^^
  mend: known here: closed_by, connection, after_event, within
""",
    ),
    "an entry of expect without its connection": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {last_event_id: '1'}
- {after_event: done}
"""
        ],
        """
a.yaml:4:3: a connection needs the key 'connection' [missing-key]
  - {last_event_id: '1'}
    ^
  mend: add 'connection: …'
a.yaml:5:3: a closing needs the key 'closed_by' [missing-key]
  - {after_event: done}
    ^
  mend: add 'closed_by: …'
""",
    ),
    "a template in expect": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {connection: 2, last_event_id: '{{ n }}', headers: {X: '{{ session }}'}}
"""
        ],
        """
a.yaml:4:34: expect cannot hold a template, got '{{ n }}' [bad-template]
  - {connection: 2, last_event_id: '{{ n }}', headers: {X: '{{ session }}'}}
                                   ^^^^^^^^^
  mend: write the value itself, a glob with *, or /pattern/
a.yaml:4:58: expect cannot hold a template, got '{{ session }}' [bad-template]
  - {connection: 2, last_event_id: '{{ n }}', headers: {X: '{{ session }}'}}
                                                           ^^^^^^^^^^^^^^^
  mend: write the value itself, a glob with *, or /pattern/
""",
    ),
    "a wrong number of connections": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {connections: two}
- {connections: 3..2}
- {connections: -1}
- {connections: [1]}
- {connections: 0}
- {connections: ..}
"""
        ],
        """
a.yaml:4:17: 'two' is no number of times [bad-count]
  - {connections: two}
                  ^^^
  mend: write 2, 2.., ..3 or 2..4
a.yaml:5:17: the range '3..2' runs backwards [bad-count]
  - {connections: 3..2}
                  ^^^^
  mend: write 2..3
a.yaml:6:17: '-1' is no number of times [bad-count]
  - {connections: -1}
                  ^^
  mend: write 2, 2.., ..3 or 2..4
a.yaml:7:17: expected a number of connections such as 2 or 2..4, got a list [wrong-type]
  - {connections: [1]}
                  ^
a.yaml:8:17: who is judged has made 1 or more [out-of-range]
  - {connections: 0}
                  ^
  mend: write 1 or more
a.yaml:9:17: '..' is no number of times [bad-count]
  - {connections: ..}
                  ^^
  mend: write 2, 2.., ..3 or 2..4
""",
    ),
    "a connection without a number": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {connection: 0}
- {connection: 1..2}
"""
        ],
        """
a.yaml:4:16: 0 is not between 1 and 1000000 [out-of-range]
  - {connection: 0}
                 ^
  mend: choose one in between
a.yaml:5:16: expected a whole number, got '1..2' [wrong-type]
  - {connection: 1..2}
                 ^^^^
""",
    ),
    "a wrong time in expect": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {connection: 2, after: 1500}
- {connection: 2, after: 2s..1s}
- {connection: 2, after: forever}
- {connection: 2, after: ..}
- {connections: 2, within: 1s..2s}
"""
        ],
        """
a.yaml:4:26: '1500' has no unit [bad-duration]
  - {connection: 2, after: 1500}
                           ^^^^
  mend: write 1500ms or 1500s
a.yaml:5:26: the range '2s..1s' runs backwards [bad-duration]
  - {connection: 2, after: 2s..1s}
                           ^^^^^^
  mend: 1s..2s
a.yaml:6:26: this cannot last forever [bad-duration]
  - {connection: 2, after: forever}
                           ^^^^^^^
  mend: write 1s..2s, 1s.., ..3s or 1s
a.yaml:7:26: '..' is no duration [bad-duration]
  - {connection: 2, after: ..}
                           ^^
  mend: write 1s..2s, 1s.., ..3s or 1s
a.yaml:8:28: a range cannot stand here [bad-duration]
  - {connections: 2, within: 1s..2s}
                             ^^^^^^
  mend: write 1s
""",
    ),
    "a wrong word in expect": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {closed_by: me}
- {connection: 1, last_event_id: [1]}
- {connection: 1, last_event_id: }
- {connection: 1, headers: {X: /(/}}
"""
        ],
        """
a.yaml:4:15: expected client, script or server, got 'me' [wrong-value]
  - {closed_by: me}
                ^^
  mend: known here: client, script, server
a.yaml:5:34: expected a text, true or false, got a list [wrong-type]
  - {connection: 1, last_event_id: [1]}
                                   ^
a.yaml:6:34: expected a text, true or false, got nothing [wrong-type]
  - {connection: 1, last_event_id: }
                                   ^
  mend: write false for none, true for any
a.yaml:7:32: /(/ is no pattern: missing ): ( [bad-pattern]
  - {connection: 1, headers: {X: /(/}}
                                 ^^^
  mend: RE2's syntax: no lookaround and no back-references
""",
    ),
    "an entry that no client can pass": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {connection: 1, after: 1s}
- {connection: 2, last_event_id: ''}
- {connection: 2, last_event_id: "a\\nb"}
"""
        ],
        """
a.yaml:4:3: after counts from the end of the connection before, and 1 is the first [never-passed]
  - {connection: 1, after: 1s}
    ^
  mend: write connection: 2
a.yaml:5:34: a client with an empty last event ID sends none (WHATWG § 9.2.3) [never-passed]
  - {connection: 2, last_event_id: ''}
                                   ^^
  mend: write last_event_id: false
a.yaml:6:34: no header can hold CR, LF or NUL (RFC 9110 § 5.5) [never-passed]
  - {connection: 2, last_event_id: "a\\nb"}
                                   ^^^^^^
  mend: write last_event_id: false
""",
    ),
    "entries that exclude one another": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {connections: 2}
- {connection: 3, last_event_id: '1'}
- {connections: 3..}
"""
        ],
        """
a.yaml:6:3: connections 3.. excludes what an entry before it expects [never-passed]
  - {connections: 3..}
    ^
  mend: keep one of the two
""",
    ),
    "a connection beyond the most": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {connections: ..2}
- {connection: 3}
"""
        ],
        """
a.yaml:5:3: connection 3 cannot come: another entry expects 2 at most [never-passed]
  - {connection: 3}
    ^
  mend: mend one of the two
""",
    ),
    "within without its event": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {closed_by: client, within: 1s}
"""
        ],
        """
a.yaml:4:3: within counts from an event here, and none is named [nothing-to-do]
  - {closed_by: client, within: 1s}
    ^
  mend: add after_event
""",
    ),
    "wrong requests": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- {requests: 1}
- {requests: {}}
- {requests: {getThing: many}}
"""
        ],
        """
a.yaml:4:14: expected a mapping such as {payOrder: 1}, got the number 1 [wrong-type]
  - {requests: 1}
               ^
a.yaml:5:14: requests is empty [nothing-to-do]
  - {requests: {}}
               ^
  mend: name an operation, such as {payOrder: 1}
a.yaml:6:25: 'many' is no number of times [bad-count]
  - {requests: {getThing: many}}
                          ^^^^
  mend: write 2, 2.., ..3 or 2..4
""",
    ),
    "requests to an unknown operation": (
        [
            """
operation: streamEvents
stream: [{data: x}]
expect:
- requests: {getThin: 1, GET /things: 2..}
"""
        ],
        """
a.yaml:4:14: the document has no operation 'getThin' [unknown-operation]
  - requests: {getThin: 1, GET /things: 2..}
               ^^^^^^^
  mend: did you mean 'getThing'?
""",
    ),
    "a mapping for a text": (
        [
            """
operation: streamEvents
stream:
- id: {}
"""
        ],
        """
a.yaml:3:7: expected text, got a mapping [wrong-type]
  - id: {}
        ^
""",
    ),
    "nothing for a text": (
        [
            """
operation: streamEvents
stream:
- event:
  data: x
"""
        ],
        """
a.yaml:3:9: expected text, got nothing [wrong-type]
  - event:
          ^
  mend: write "" for an empty text, or leave the key out
""",
    ),
    "a text for a mapping": (
        [
            """
operation: streamEvents
response: hello
"""
        ],
        """
a.yaml:2:11: expected a response as a mapping, got 'hello' [wrong-type]
  response: hello
            ^^^^^
""",
    ),
    "a text for steps": (
        [
            """
operation: streamEvents
stream: hello
"""
        ],
        """
a.yaml:2:9: expected a list of steps, got 'hello' [wrong-type]
  stream: hello
          ^^^^^
  mend: begin each step with '- '
""",
    ),
    "a text for a step": (
        [
            """
operation: streamEvents
stream: [hello]
"""
        ],
        """
a.yaml:2:10: expected a step, got 'hello' [wrong-type]
  stream: [hello]
           ^^^^^
  mend: a step is a mapping such as 'data: hello'
""",
    ),
    "a text for connections": (
        [
            """
operation: streamEvents
connections: hello
"""
        ],
        """
a.yaml:2:14: expected a list, got 'hello' [wrong-type]
  connections: hello
               ^^^^^
""",
    ),
    "a number for a connection": (
        [
            """
operation: streamEvents
connections: [5]
"""
        ],
        """
a.yaml:2:15: expected a connection as a mapping, got the number 5 [wrong-type]
  connections: [5]
                ^
""",
    ),
    "a text for vars": (
        [
            """
operation: streamEvents
vars: hello
response: {}
"""
        ],
        """
a.yaml:2:7: expected a mapping, got 'hello' [wrong-type]
  vars: hello
        ^^^^^
""",
    ),
    "yes for true": (
        [
            """
operation: streamEvents
default: yes
response: {}
"""
        ],
        """
a.yaml:2:10: expected true or false, got 'yes' [wrong-type]
  default: yes
           ^^^
  mend: write true; YAML 1.2 knows no other words for it
""",
    ),
    "a number for true": (
        [
            """
operation: streamEvents
default: 1
response: {}
"""
        ],
        """
a.yaml:2:10: expected true or false, got the number 1 [wrong-type]
  default: 1
           ^
""",
    ),
    "a text for a number": (
        [
            """
operation: streamEvents
response: {status: ok}
"""
        ],
        """
a.yaml:2:20: expected a whole number, got 'ok' [wrong-type]
  response: {status: ok}
                     ^^
""",
    ),
    "a number out of range": (
        [
            """
operation: streamEvents
response: {status: 600}
"""
        ],
        """
a.yaml:2:20: 600 is not between 200 and 599 [out-of-range]
  response: {status: 600}
                     ^^^
  mend: choose one in between
""",
    ),
    "a text for rounds": (
        [
            """
operation: streamEvents
stream:
- repeat: {times: often, steps: [{data: x}]}
"""
        ],
        """
a.yaml:3:19: expected a whole number or forever, got 'often' [wrong-type]
  - repeat: {times: often, steps: [{data: x}]}
                    ^^^^^
""",
    ),
    "no rounds": (
        [
            """
operation: streamEvents
stream:
- repeat: {times: 0, steps: [{data: x}]}
"""
        ],
        """
a.yaml:3:19: 0 is not between 1 and 1000000000 [out-of-range]
  - repeat: {times: 0, steps: [{data: x}]}
                    ^
  mend: choose one in between
""",
    ),
    "a duration without a unit": (
        [
            """
operation: streamEvents
stream:
- delay: 500
"""
        ],
        """
a.yaml:3:10: '500' has no unit [bad-duration]
  - delay: 500
           ^^^
  mend: write 500ms or 500s
""",
    ),
    "a duration in a strange unit": (
        [
            """
operation: streamEvents
stream:
- delay: 5 minutes
"""
        ],
        """
a.yaml:3:10: '5 minutes' is no duration [bad-duration]
  - delay: 5 minutes
           ^^^^^^^^^
  mend: write 250ms, 2s, 1.5s, 2m or 100ms..300ms
""",
    ),
    "a base-60 duration": (
        [
            """
operation: streamEvents
stream:
- delay: 12:30:45
"""
        ],
        """
a.yaml:3:10: '12:30:45' is no duration [bad-duration]
  - delay: 12:30:45
           ^^^^^^^^
  mend: write 250ms, 2s, 1.5s, 2m or 100ms..300ms
""",
    ),
    "a negative duration": (
        [
            """
operation: streamEvents
stream:
- delay: -5
"""
        ],
        """
a.yaml:3:10: a duration cannot be negative: '-5' [bad-duration]
  - delay: -5
           ^^
  mend: leave the minus out
""",
    ),
    "a range that runs backwards": (
        [
            """
operation: streamEvents
stream:
- delay: 3s..1s
"""
        ],
        """
a.yaml:3:10: the range '3s..1s' runs backwards [bad-duration]
  - delay: 3s..1s
           ^^^^^^
  mend: 1s..3s
""",
    ),
    "a list for a duration": (
        [
            """
operation: streamEvents
stream:
- delay: [1s]
"""
        ],
        """
a.yaml:3:10: expected a duration such as 250ms or 2s, got a list [wrong-type]
  - delay: [1s]
           ^
""",
    ),
    "a delay for ever": (
        [
            """
operation: streamEvents
stream:
- delay: forever
"""
        ],
        """
a.yaml:3:10: this cannot last forever [bad-duration]
  - delay: forever
           ^^^^^^^
  mend: write a duration such as 2s
""",
    ),
    "a range for a heartbeat": (
        [
            """
operation: streamEvents
heartbeat: 1s..2s
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:12: a range cannot stand here [bad-duration]
  heartbeat: 1s..2s
             ^^^^^^
  mend: write 1s
""",
    ),
    "a heartbeat without a pause": (
        [
            """
operation: streamEvents
heartbeat: 0s
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:12: this has to be longer than nothing [bad-duration]
  heartbeat: 0s
             ^^
  mend: write a duration such as 15s
""",
    ),
    "a text for retry": (
        [
            """
operation: streamEvents
stream:
- retry: abc
"""
        ],
        """
a.yaml:3:10: 'abc' is no reconnection time [bad-duration]
  - retry: abc
           ^^^
  mend: write 1500, 1500ms or 2s; another value on the wire takes a raw step
""",
    ),
    "a mapping for retry": (
        [
            """
operation: streamEvents
stream:
- retry: {}
"""
        ],
        """
a.yaml:3:10: expected milliseconds or a duration, got a mapping [wrong-type]
  - retry: {}
           ^
""",
    ),
    "a number for a percentage": (
        [
            """
operation: streamEvents
stream:
- chance: {of: 5, steps: [{data: x}]}
"""
        ],
        """
a.yaml:3:16: '5' is no percentage [bad-percentage]
  - chance: {of: 5, steps: [{data: x}]}
                 ^
  mend: write 5% or 0.5%
""",
    ),
    "a list for a percentage": (
        [
            """
operation: streamEvents
stream:
- chance: {of: [5%], steps: [{data: x}]}
"""
        ],
        """
a.yaml:3:16: expected a percentage such as 5%, got a list [wrong-type]
  - chance: {of: [5%], steps: [{data: x}]}
                 ^
""",
    ),
    "a percentage over 100": (
        [
            """
operation: streamEvents
stream:
- chance: {of: 101%, steps: [{data: x}]}
"""
        ],
        """
a.yaml:3:16: '101%' is more than 100% [bad-percentage]
  - chance: {of: 101%, steps: [{data: x}]}
                 ^^^^
  mend: write a percentage from 0% to 100%
""",
    ),
    "a strange disconnect": (
        [
            """
operation: streamEvents
stream:
- disconnect: rest
"""
        ],
        """
a.yaml:3:15: expected end, drop or reset, got 'rest' [wrong-value]
  - disconnect: rest
                ^^^^
  mend: did you mean 'reset'?
""",
    ),
    "a strange resume": (
        [
            """
operation: streamEvents
resume: after
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:9: expected after_id, ignore or replay, got 'after' [wrong-value]
  resume: after
          ^^^^^
  mend: did you mean 'after_id'?
""",
    ),
    "a strange afterwards": (
        [
            """
operation: streamEvents
afterwards: again
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:13: expected stop, repeat, restart or a response, got 'again' [wrong-value]
  afterwards: again
              ^^^^^
  mend: known here: stop, repeat, restart
""",
    ),
    "a strange identity": (
        [
            """
operation: streamEvents
identity: cookie
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:11: expected target, path or "{{ … }}", got 'cookie' [wrong-value]
  identity: cookie
            ^^^^^^
  mend: known here: target, path
""",
    ),
    "a number that JSON has not": (
        [
            """
operation: streamEvents
stream:
- data: .inf
"""
        ],
        """
a.yaml:3:9: JSON has no number .inf [wrong-type]
  - data: .inf
          ^^^^
  mend: quote it
""",
    ),
    "an unquoted [DONE]": (
        [
            """
operation: streamEvents
stream:
- data: [DONE]
"""
        ],
        """
a.yaml:3:9: YAML reads [DONE] as a list; it would go out as ["DONE"] [unquoted-sentinel]
  - data: [DONE]
          ^
  mend: write "[DONE]" for the text, or ["DONE"] for the list
""",
    ),
    "a text for a list to go through": (
        [
            """
operation: streamEvents
stream:
- each: {in: abc, steps: [{data: x}]}
"""
        ],
        """
a.yaml:3:14: expected a list or "{{ … }}", got 'abc' [wrong-type]
  - each: {in: abc, steps: [{data: x}]}
               ^^^
""",
    ),
    "an empty template": (
        [
            """
operation: streamEvents
stream:
- data: "{{ }}"
"""
        ],
        """
a.yaml:3:9: {{ }} is empty [bad-template]
  - data: "{{ }}"
          ^^^^^^^
  mend: write an expression between the braces
""",
    ),
    "an open template": (
        [
            """
operation: streamEvents
stream:
- data: "{{ now()"
"""
        ],
        """
a.yaml:3:9: {{ without }} [bad-template]
  - data: "{{ now()"
          ^^^^^^^^^^
  mend: close the template, or write {{ '{{' }} for the braces
""",
    ),
    "a template that is no expression": (
        [
            """
operation: streamEvents
stream:
- data: "{{ 1 + }}"
"""
        ],
        """
a.yaml:3:9: '1 +' is no expression: unexpected 'end of template' [bad-template]
  - data: "{{ 1 + }}"
          ^^^^^^^^^^^
""",
    ),
    "a template of two expressions": (
        [
            """
operation: streamEvents
stream:
- data: "{{ 1 2 }}"
"""
        ],
        """
a.yaml:3:9: '1 2' goes on after the expression [bad-template]
  - data: "{{ 1 2 }}"
          ^^^^^^^^^^^
  mend: write one expression
""",
    ),
    "an unknown filter": (
        [
            """
operation: streamEvents
stream:
- data: "{{ 'x' | uper }}"
"""
        ],
        """
a.yaml:3:9: unknown filter 'uper' [bad-template]
  - data: "{{ 'x' | uper }}"
          ^^^^^^^^^^^^^^^^^^
  mend: did you mean 'upper'?
""",
    ),
    "an unknown test": (
        [
            """
operation: streamEvents
stream:
- data: "{{ 1 is evn }}"
"""
        ],
        """
a.yaml:3:9: unknown test 'evn' [bad-template]
  - data: "{{ 1 is evn }}"
          ^^^^^^^^^^^^^^^^
  mend: did you mean 'even'?
""",
    ),
    "an if without else": (
        [
            """
operation: streamEvents
stream:
- data: "{{ 'x' if connection == 1 }}"
"""
        ],
        """
a.yaml:3:9: an if without else [bad-template]
  - data: "{{ 'x' if connection == 1 }}"
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  mend: write … if … else ''
""",
    ),
    "an expression nested too deep": (
        ['operation: streamEvents\nstream:\n- data: "{{ 1' + " + 1" * 70 + ' }}"\n'],
        """
a.yaml:3:9: the expression is nested too deep [bad-template]
  - data: "{{ 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 }}"
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  mend: make it simpler
""",
    ),
    "an unknown name": (
        [
            """
operation: streamEvents
stream:
- data: "{{ orderId }}"
"""
        ],
        """
a.yaml:3:9: unknown name 'orderId' in a template [unknown-name]
  - data: "{{ orderId }}"
          ^^^^^^^^^^^^^^^
  mend: known here: connection, example, hex, last_event_id, now, pick, random_bool, random_float, random_int, random_string, request, session, shuffle, subscription, timestamp, uuid, vars
""",
    ),
    "a name that is nearly one": (
        [
            """
operation: streamEvents
stream:
- data: "{{ nwo() }}"
"""
        ],
        """
a.yaml:3:9: unknown name 'nwo' in a template [unknown-name]
  - data: "{{ nwo() }}"
          ^^^^^^^^^^^^^
  mend: did you mean 'now'?
""",
    ),
    "an unknown part of the request": (
        [
            """
operation: streamEvents
stream:
- data: "{{ request.header.accept }}"
"""
        ],
        """
a.yaml:3:9: a request has no 'header' [unknown-name]
  - data: "{{ request.header.accept }}"
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  mend: did you mean 'headers'?
""",
    ),
    "an unknown variable": (
        [
            """
operation: streamEvents
vars: {customer: x}
stream:
- data: "{{ vars.custmer }}"
"""
        ],
        """
a.yaml:4:9: vars has no 'custmer' [unknown-name]
  - data: "{{ vars.custmer }}"
          ^^^^^^^^^^^^^^^^^^^^
  mend: did you mean 'customer'?
""",
    ),
    "a loop's name outside of it": (
        [
            """
operation: streamEvents
stream:
- repeat: {times: 2, steps: [{data: "{{ n }}"}]}
- data: "{{ n }}"
"""
        ],
        """
a.yaml:4:9: unknown name 'n' in a template [unknown-name]
  - data: "{{ n }}"
          ^^^^^^^^^
  mend: known here: connection, example, hex, last_event_id, now, pick, random_bool, random_float, random_int, random_string, request, session, shuffle, subscription, timestamp, uuid, vars
""",
    ),
    "a template as a condition": (
        [
            """
operation: streamEvents
when: {query: {a: "{{ now() }}"}}
response: {}
"""
        ],
        """
a.yaml:2:19: a condition cannot be a template [bad-template]
  when: {query: {a: "{{ now() }}"}}
                    ^^^^^^^^^^^^^
  mend: write the text itself, a glob with *, or /pattern/
""",
    ),
    "a line end in an event type": (
        [
            r"""
operation: streamEvents
stream:
- event: "a\nb"
  data: x
"""
        ],
        r"""
a.yaml:3:10: a field of an event has one line [breaks-framing]
  - event: "a\nb"
           ^^^^^^
  mend: these bytes can only be written by a raw step
""",
    ),
    "a NUL in an id": (
        [
            r"""
operation: streamEvents
stream:
- id: "a\0b"
"""
        ],
        r"""
a.yaml:3:7: an id with NUL is ignored by every client (WHATWG § 9.2.6) [breaks-framing]
  - id: "a\0b"
        ^^^^^^
  mend: these bytes can only be written by a raw step
""",
    ),
    "a line end in a header": (
        [
            r"""
operation: streamEvents
response: {headers: {X-A: "a\r\nb"}}
"""
        ],
        r"""
a.yaml:2:27: a header value cannot hold CR, LF or NUL (RFC 9110 § 5.5) [bad-header]
  response: {headers: {X-A: "a\r\nb"}}
                            ^^^^^^^^
  mend: leave the character out
""",
    ),
    "a header with a strange name": (
        [
            """
operation: streamEvents
response: {headers: {"X A": "b"}}
"""
        ],
        """
a.yaml:2:22: 'X A' is no header name [bad-name]
  response: {headers: {"X A": "b"}}
                       ^^^^^
  mend: choose another name
""",
    ),
    "a variable that no template can name": (
        [
            """
operation: streamEvents
vars: {"my-var": 1}
response: {}
"""
        ],
        """
a.yaml:2:8: 'my-var' is no name that a template could use [bad-name]
  vars: {"my-var": 1}
         ^^^^^^^^
  mend: choose another name
""",
    ),
    "a variable with a name in use": (
        [
            """
operation: streamEvents
vars: {request: 1}
response: {}
"""
        ],
        """
a.yaml:2:8: 'request' already means something in templates [bad-name]
  vars: {request: 1}
         ^^^^^^^
  mend: choose another name
""",
    ),
    "a loop with a name in use": (
        [
            """
operation: streamEvents
stream:
- each: {in: [1], as: now, steps: [{data: x}]}
"""
        ],
        """
a.yaml:3:23: 'now' already means something in templates [bad-name]
  - each: {in: [1], as: now, steps: [{data: x}]}
                        ^^^
  mend: as: item
""",
    ),
    "a pattern that is none": (
        [
            """
operation: streamEvents
when: {query: {a: /(/}}
response: {}
"""
        ],
        """
a.yaml:2:19: /(/ is no pattern: missing ): ( [bad-pattern]
  when: {query: {a: /(/}}
                    ^^^
  mend: RE2's syntax: no lookaround and no back-references
""",
    ),
    "a pattern that looks back": (
        [
            r"""
operation: streamEvents
when: {query: {a: '/(a)\1/'}}
response: {}
"""
        ],
        r"""
a.yaml:2:19: /(a)\1/ is no pattern: invalid escape sequence: \1 [bad-pattern]
  when: {query: {a: '/(a)\1/'}}
                    ^^^^^^^^^
  mend: RE2's syntax: no lookaround and no back-references
""",
    ),
    "a list as a condition": (
        [
            """
operation: streamEvents
when: {query: {a: [1]}}
response: {}
"""
        ],
        """
a.yaml:2:19: expected a text, /pattern/, true or false, got a list [wrong-type]
  when: {query: {a: [1]}}
                    ^
""",
    ),
    "nothing as a condition": (
        [
            """
operation: streamEvents
when: {query: {a: }}
response: {}
"""
        ],
        """
a.yaml:2:19: expected a text, /pattern/, true or false, got nothing [wrong-type]
  when: {query: {a: }}
                    ^
  mend: write false for absent, or "" for an empty text
""",
    ),
    "an empty step": (
        [
            """
operation: streamEvents
stream:
- {}
"""
        ],
        """
a.yaml:3:3: this step says nothing [no-kind]
  - {}
    ^
  mend: write 'data: hello'
""",
    ),
    "a step of two kinds": (
        [
            """
operation: streamEvents
stream:
- {data: x, disconnect: end}
"""
        ],
        """
a.yaml:3:3: this step is an event and a disconnect at once [two-kinds]
  - {data: x, disconnect: end}
    ^
  mend: write two steps
""",
    ),
    "violates alone": (
        [
            """
operation: streamEvents
stream:
- violates: nothing
"""
        ],
        """
a.yaml:3:3: this step has nothing that violates [no-kind]
  - violates: nothing
    ^
  mend: add data or raw
""",
    ),
    "delay and at": (
        [
            """
operation: streamEvents
stream:
- {delay: 1s, at: 2s, data: x}
"""
        ],
        """
a.yaml:3:3: a step waits by delay or by at, not both [two-waits]
  - {delay: 1s, at: 2s, data: x}
    ^
  mend: keep one of the two
""",
    ),
    "stream and connections": (
        [
            """
operation: streamEvents
stream: [{data: x}]
connections: [{steps: [{data: x}]}]
"""
        ],
        """
a.yaml:1:1: stream and connections exclude one another [two-stories]
  operation: streamEvents
  ^
  mend: keep one of the two
""",
    ),
    "nothing to tell": (
        [
            """
operation: streamEvents
"""
        ],
        """
a.yaml:1:1: the scenario says nothing [no-story]
  operation: streamEvents
  ^
  mend: add stream, connections or response
""",
    ),
    "no connections": (
        [
            """
operation: streamEvents
connections: []
"""
        ],
        """
a.yaml:1:1: connections is empty [no-story]
  operation: streamEvents
  ^
  mend: add a connection
""",
    ),
    "no operations": (
        [
            """
operation: []
response: {}
"""
        ],
        """
a.yaml:1:1: operation is an empty list [no-story]
  operation: []
  ^
  mend: name an operation
""",
    ),
    "an empty connection": (
        [
            """
operation: streamEvents
connections: [{times: 2}]
"""
        ],
        """
a.yaml:2:15: this connection says nothing [no-story]
  connections: [{times: 2}]
                ^
  mend: add steps, response or disconnect
""",
    ),
    "a heartbeat without a stream": (
        [
            """
operation: streamEvents
heartbeat: 15s
response: {status: 503}
"""
        ],
        """
a.yaml:1:1: heartbeat has no stream to work on: the response is the whole answer [nothing-to-do]
  operation: streamEvents
  ^
  mend: add stream, or leave heartbeat out
""",
    ),
    "a pace without a stream": (
        [
            """
operation: streamEvents
pace: 1s
response: {status: 503}
"""
        ],
        """
a.yaml:1:1: pace has no stream to work on: the response is the whole answer [nothing-to-do]
  operation: streamEvents
  ^
  mend: add stream, or leave pace out
""",
    ),
    "a body beside a stream": (
        [
            """
operation: streamEvents
response: {status: 202, body: queued}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:11: a body has no place beside steps: they are the body [nothing-to-do]
  response: {status: 202, body: queued}
            ^
  mend: leave the body out, or the steps
""",
    ),
    "disconnect beside steps": (
        [
            """
operation: streamEvents
connections:
- steps: [{data: x}]
  disconnect: reset
"""
        ],
        """
a.yaml:3:3: disconnect beside steps: it stands alone or as the last step [two-kinds]
  - steps: [{data: x}]
    ^
  mend: make the disconnect the last of the steps
""",
    ),
    "disconnect beside a response": (
        [
            """
operation: streamEvents
connections:
- response: {status: 200}
  disconnect: reset
"""
        ],
        """
a.yaml:3:3: a lone disconnect comes before any response [two-kinds]
  - response: {status: 200}
    ^
  mend: write 'steps: [{disconnect: …}]' beside the response
""",
    ),
    "delay of a connection": (
        [
            """
operation: streamEvents
connections:
- steps: [{data: x}]
  delay: 1s
"""
        ],
        """
a.yaml:3:3: delay here goes with a disconnect [two-waits]
  - steps: [{data: x}]
    ^
  mend: put the delay into response or steps
""",
    ),
    "a step after a disconnect": (
        [
            """
operation: streamEvents
connections:
- steps:
  - disconnect: end
  - data: x
"""
        ],
        """
a.yaml:5:5: nothing of the same connection can follow its disconnect [unreachable]
  - data: x
    ^
  mend: begin the next connection with '- steps:'
""",
    ),
    "a step after a hold": (
        [
            """
operation: streamEvents
stream:
- hold: forever
- data: x
"""
        ],
        """
a.yaml:4:3: this step can never run: hold: forever (line 3) has no end [unreachable]
  - data: x
    ^
  mend: move it before that step, or give that step an end
""",
    ),
    "a step after an endless loop": (
        [
            """
operation: streamEvents
stream:
- repeat: {times: forever, every: 1s, steps: [{data: x}]}
- data: x
"""
        ],
        """
a.yaml:4:3: this step can never run: repeat: forever (line 3) has no end [unreachable]
  - data: x
    ^
  mend: move it before that step, or give that step an end
""",
    ),
    "a step after a disconnect in a chance": (
        [
            """
operation: streamEvents
stream:
- chance:
    of: 5%
    steps:
    - disconnect: end
    - data: x
"""
        ],
        """
a.yaml:7:7: this step can never run: the connection has ended [unreachable]
  - data: x
    ^
  mend: say it in connections
""",
    ),
    "a step after a chance of two disconnects": (
        [
            """
operation: streamEvents
connections:
- steps:
  - chance: {of: 5%, steps: [{disconnect: end}], otherwise: [{disconnect: drop}]}
  - data: x
"""
        ],
        """
a.yaml:5:5: this step can never run: the connection has ended [unreachable]
  - data: x
    ^
  mend: say it in connections
""",
    ),
    "a disconnect in a loop": (
        [
            """
operation: streamEvents
stream:
- repeat:
    times: 2
    steps:
    - disconnect: end
"""
        ],
        """
a.yaml:6:7: a disconnect cannot stand inside a loop [loop-disconnect]
  - disconnect: end
    ^
  mend: say it in connections
""",
    ),
    "a loop without steps": (
        [
            """
operation: streamEvents
stream:
- repeat: {times: 2, steps: []}
"""
        ],
        """
a.yaml:3:3: the loop has no steps [empty-loop]
  - repeat: {times: 2, steps: []}
    ^
  mend: add steps
""",
    ),
    "a loop that does nothing": (
        [
            """
operation: streamEvents
stream:
- repeat: {times: forever, steps: [{delay: 0s}]}
"""
        ],
        """
a.yaml:3:3: this loop may run for ever without sending or waiting [empty-loop]
  - repeat: {times: forever, steps: [{delay: 0s}]}
    ^
  mend: add every: 1s, or an event that every round sends
""",
    ),
    "at that goes backwards": (
        [
            """
operation: streamEvents
stream:
- {delay: 2s, data: x}
- {at: 1s, data: y}
"""
        ],
        """
a.yaml:4:3: at: 1s goes backwards: 2s of this connection have passed by then [at-backwards]
  - {at: 1s, data: y}
    ^
  mend: write 2s or later, or use delay
""",
    ),
    "at that goes backwards in the second round": (
        [
            """
operation: streamEvents
stream:
- repeat:
    times: 2
    every: 5s
    steps:
    - {at: 1s, data: x}
"""
        ],
        """
a.yaml:7:7: at: 1s goes backwards: 5s of this connection have passed by then [at-backwards]
  - {at: 1s, data: x}
    ^
  mend: write 5s or later, or use delay
""",
    ),
    "an unknown operation": (
        [
            """
operation: streamOrders
response: {}
"""
        ],
        """
a.yaml:1:12: the document has no operation 'streamOrders' [unknown-operation]
  operation: streamOrders
             ^^^^^^^^^^^^
  mend: did you mean 'streamOrder'?
""",
    ),
    "an unknown path parameter": (
        [
            """
operation: streamOrder
stream:
- data: "{{ request.path.orderId }}"
"""
        ],
        """
a.yaml:3:9: /orders/{id}/events has no path parameter 'orderId' [unknown-parameter]
  - data: "{{ request.path.orderId }}"
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  mend: known here: id
""",
    ),
    "a condition on an unknown path parameter": (
        [
            """
operation: streamEvents
when: {path: {id: '1'}}
response: {}
"""
        ],
        """
a.yaml:1:1: /events has no path parameter 'id' [unknown-parameter]
  operation: streamEvents
  ^
  mend: it has none at all
""",
    ),
    "a body file that is not there": (
        [
            """
operation: streamEvents
response: {body: {file: big.json}}
"""
        ],
        """
a.yaml:2:11: the body file 'big.json' cannot be read: there is no such file [unreadable-file]
  response: {body: {file: big.json}}
            ^
  mend: name a file under the scenario folder
""",
    ),
    "an include of nothing": (
        [
            """
operation: streamEvents
stream:
- include: base
"""
        ],
        """
a.yaml:3:3: there is no scenario 'base' to include [unknown-scenario]
  - include: base
    ^
  mend: known here: a
""",
    ),
    "an include of a scenario with faults of its own": (
        [
            """
operation: streamEvents
stream:
- include: b
""",
            """
operation: streamEvents
when: {query: {a: x}}
stream:
- delay: 1
""",
        ],
        """
b.yaml:4:10: '1' has no unit [bad-duration]
  - delay: 1
           ^
  mend: write 1ms or 1s
""",
    ),
    "an include of a file that is no YAML": (
        [
            """
operation: streamEvents
stream:
- include: b
""",
            """
operation: streamEvents
stream: [{data: x
""",
        ],
        """
b.yaml:3:1: not YAML: did not find expected ',' or '}' (while parsing a flow mapping) [yaml-syntax]
  mend: check the quotes, brackets and indentation up to here
""",
    ),
    "an include of one of several in a file": (
        [
            """
operation: streamEvents
stream:
- include: base
- include: bsae
""",
            """
scenario: base
operation: streamEvents
when: x
stream:
- data: x
---
scenario: other
operation: getThing
stream:
- data: x
""",
        ],
        """
a.yaml:4:3: there is no scenario 'bsae' to include [unknown-scenario]
  - include: bsae
    ^
  mend: did you mean 'base'?
b.yaml:3:7: expected when as a mapping, got 'x' [wrong-type]
  when: x
        ^
""",
    ),
    "an include of what includes nothing": (
        [
            """
operation: streamEvents
stream:
- include: b
""",
            """
operation: streamEvents
when: {query: {a: x}}
stream:
- include: base
""",
        ],
        """
b.yaml:4:3: there is no scenario 'base' to include [unknown-scenario]
  - include: base
    ^
  mend: known here: a, b
""",
    ),
    "an include of what includes a circle": (
        [
            """
operation: streamEvents
stream:
- include: b
""",
            """
operation: streamEvents
when: {query: {a: x}}
stream:
- include: c
""",
            """
operation: streamEvents
when: {query: {a: y}}
stream:
- include: b
""",
        ],
        """
b.yaml:4:3: includes go in a circle: c → b → c [include-circle]
  - include: c
    ^
  mend: break it
c.yaml:4:3: includes go in a circle: b → c → b [include-circle]
  - include: b
    ^
  mend: break it
""",
    ),
    "an include of what includes a step too many": (
        [
            """
operation: streamEvents
stream:
- include: b
""",
            """
operation: streamEvents
when: {query: {a: x}}
stream:
- include: c
- data: never
""",
            """
operation: streamEvents
when: {query: {a: y}}
stream:
- hold: forever
""",
        ],
        """
b.yaml:5:3: this step can never run: hold: forever (line 4) has no end [unreachable]
  - data: never
    ^
  mend: move it before that step, or give that step an end
""",
    ),
    "an include in a circle": (
        [
            """
operation: streamEvents
stream:
- include: b
""",
            """
operation: getThing
stream:
- include: a
""",
        ],
        """
a.yaml:3:3: includes go in a circle: b → a → b [include-circle]
  - include: b
    ^
  mend: break it
b.yaml:3:3: includes go in a circle: a → b → a [include-circle]
  - include: a
    ^
  mend: break it
""",
    ),
    "an include of a scenario without stream": (
        [
            """
operation: streamEvents
stream:
- include: b
""",
            """
operation: getThing
response: {}
""",
        ],
        """
a.yaml:3:3: scenario 'b' has no stream to include [nothing-to-include]
  - include: b
    ^
  mend: include one with 'stream:'
""",
    ),
    "an include that makes a step unreachable": (
        [
            """
operation: streamEvents
connections:
- steps:
  - include: b
  - data: never
""",
            """
operation: getThing
stream:
- data: x
- disconnect: end
""",
        ],
        """
a.yaml:5:5: nothing of the same connection can follow its disconnect [unreachable]
  - data: never
    ^
  mend: begin the next connection with '- steps:'
""",
    ),
    "an include that brings a name nobody knows": (
        [
            """
operation: streamEvents
stream:
- include: b
""",
            """
operation: getThing
vars: {who: me}
stream:
- data: "{{ who }}"
""",
        ],
        """
b.yaml:4:9: unknown name 'who' in a template, as 'a' includes it [unknown-name]
  - data: "{{ who }}"
          ^^^^^^^^^^^
  mend: known here: connection, example, hex, last_event_id, now, pick, random_bool, random_float, random_int, random_string, request, session, shuffle, subscription, timestamp, uuid, vars
""",
    ),
    "an include of too much": (
        [
            "operation: streamEvents\nstream:\n- include: b\n",
            "operation: getThing\nstream:\n" + "- include: c\n" * 102,
            'operation: getThing\nwhen: {query: {a: "1"}}\nstream:\n' + "- data: x\n" * 100,
        ],
        """
b.yaml:102:3: includes add more than 10,000 steps [too-many-nodes]
  - include: c
    ^
  mend: use repeat
b.yaml:104:3: includes add more than 10,000 steps [too-many-nodes]
  - include: c
    ^
  mend: use repeat
""",
    ),
    "two that tie": (
        [
            """
operation: streamEvents
response: {}
""",
            """
operation: streamEvents
response: {}
""",
        ],
        """
b.yaml:1:1: 'a' and 'b' both fit the same requests to streamEvents [scenario-tie]
  operation: streamEvents
  ^
  mend: give one of them 'default: true', or conditions that exclude the other's
""",
    ),
    "two defaults that tie": (
        [
            """
operation: streamEvents
default: true
response: {}
""",
            """
operation: streamEvents
default: true
response: {}
""",
        ],
        """
b.yaml:1:1: 'a' and 'b' are both default for streamEvents [scenario-tie]
  operation: streamEvents
  ^
  mend: take 'default: true' from one of them
""",
    ),
    "two that tie by conditions": (
        [
            """
operation: streamEvents
when: {query: {a: '1'}}
response: {}
""",
            """
operation: streamEvents
when: {query: {b: '1'}}
response: {}
""",
        ],
        """
b.yaml:1:1: 'a' and 'b' both fit one request alike to streamEvents [scenario-tie]
  operation: streamEvents
  ^
  mend: give one of them 'default: true', or conditions that exclude the other's
""",
    ),
    "a strange hold": (
        [
            """
operation: streamEvents
stream:
- hold: soon
"""
        ],
        """
a.yaml:3:9: 'soon' is no duration [bad-duration]
  - hold: soon
          ^^^^
  mend: write 250ms, 2s, 1.5s, 2m or 100ms..300ms
""",
    ),
    "an include of a list": (
        [
            """
operation: streamEvents
stream:
- include: [a]
"""
        ],
        """
a.yaml:3:12: expected text, got a list [wrong-type]
  - include: [a]
             ^
""",
    ),
    "a strange policy of resume": (
        [
            """
operation: streamEvents
resume: {skip: 0}
stream: [{data: x}]
"""
        ],
        """
a.yaml:2:16: 0 is not between 1 and 1000000 [out-of-range]
  resume: {skip: 0}
                 ^
  mend: choose one in between
""",
    ),
    "an empty item of a header": (
        [
            """
operation: streamEvents
response: {headers: {X-A: [a, [b]]}}
"""
        ],
        """
a.yaml:2:31: expected text, got a list [wrong-type]
  response: {headers: {X-A: [a, [b]]}}
                                ^
""",
    ),
    "a range that cannot be a retry": (
        [
            """
operation: streamEvents
stream:
- retry: 1s..2s
"""
        ],
        """
a.yaml:3:10: '1s..2s' is no reconnection time [bad-duration]
  - retry: 1s..2s
           ^^^^^^
  mend: write 1500, 1500ms or 2s; another value on the wire takes a raw step
""",
    ),
    "what has no place in JSON lines": (
        [
            """
operation: exportLines
stream:
- {event: e, id: 1, data: 1}
"""
        ],
        """
a.yaml:3:3: event and id have no place in JSON lines, which are all that this operation streams [no-place-in-framing]
  - {event: e, id: 1, data: 1}
    ^
  mend: leave it out, or say it in data
""",
    ),
    "a call that is no mapping": (
        [
            """
operation: streamOrder
stream:
- call: statusChanged
"""
        ],
        """
a.yaml:3:9: expected a mapping, got 'statusChanged' [wrong-type]
  - call: statusChanged
          ^^^^^^^^^^^^^
  mend: write 'call: {callback: name}'
""",
    ),
    "a call of nothing": (
        [
            """
operation: streamOrder
stream:
- call: {wait: true}
"""
        ],
        """
a.yaml:3:9: a call needs the key 'callback' or 'webhook' [missing-key]
  - call: {wait: true}
          ^
  mend: add 'callback: …', or 'webhook: …' with 'to: …'
""",
    ),
    "a misspelt callback": (
        [
            """
operation: streamOrder
stream:
- call: {calback: statusChanged}
"""
        ],
        """
a.yaml:3:10: unknown key 'calback' in a call [unknown-key]
  - call: {calback: statusChanged}
           ^^^^^^^
  mend: did you mean 'callback'?
""",
    ),
    "a callback and a webhook": (
        [
            """
operation: streamOrder
stream:
- call: {callback: statusChanged, webhook: orderPaid}
"""
        ],
        """
a.yaml:3:9: this call is a callback and a webhook at once [two-kinds]
  - call: {callback: statusChanged, webhook: orderPaid}
          ^
  mend: write two steps
""",
    ),
    "a webhook without a URL": (
        [
            """
operation: streamOrder
stream:
- call: {webhook: orderPaid}
"""
        ],
        """
a.yaml:3:9: a call of a webhook needs the key 'to' [missing-key]
  - call: {webhook: orderPaid}
          ^
  mend: add 'to: …'
""",
    ),
    "a call that is an event": (
        [
            """
operation: streamOrder
stream:
- {data: x, call: {callback: statusChanged}}
"""
        ],
        """
a.yaml:3:3: this step is an event and a call at once [two-kinds]
  - {data: x, call: {callback: statusChanged}}
    ^
  mend: write two steps
""",
    ),
    "a call with a strange key": (
        [
            """
operation: streamOrder
stream:
- call: {callback: statusChanged, boddy: {}}
"""
        ],
        """
a.yaml:3:35: unknown key 'boddy' in a call [unknown-key]
  - call: {callback: statusChanged, boddy: {}}
                                    ^^^^^
  mend: did you mean 'body'?
""",
    ),
    "a call that waits for a while": (
        [
            """
operation: streamOrder
stream:
- call: {callback: statusChanged, wait: 2s}
"""
        ],
        """
a.yaml:3:41: expected true or false, got '2s' [wrong-type]
  - call: {callback: statusChanged, wait: 2s}
                                          ^^
""",
    ),
    "a call with a header that is none": (
        [
            """
operation: streamOrder
stream:
- call: {callback: statusChanged, headers: {X A: 1}}
"""
        ],
        """
a.yaml:3:45: 'X A' is no header name [bad-name]
  - call: {callback: statusChanged, headers: {X A: 1}}
                                              ^^^
  mend: choose another name
""",
    ),
    "a call to no URL": (
        [
            """
operation: streamOrder
stream:
- call: {webhook: orderPaid, to: localhost:9000}
"""
        ],
        """
a.yaml:3:34: 'localhost:9000' is no URL that begins with http:// or https:// and a host [bad-url]
  - call: {webhook: orderPaid, to: localhost:9000}
                                   ^^^^^^^^^^^^^^
  mend: write a URL such as http://127.0.0.1:9000/hook
""",
    ),
    "a call to another scheme": (
        [
            """
operation: streamOrder
stream:
- call: {webhook: orderPaid, to: "ftp://127.0.0.1/x"}
"""
        ],
        """
a.yaml:3:34: 'ftp://127.0.0.1/x' is no URL that begins with http:// or https:// and a host [bad-url]
  - call: {webhook: orderPaid, to: "ftp://127.0.0.1/x"}
                                   ^^^^^^^^^^^^^^^^^^^
  mend: write a URL such as http://127.0.0.1:9000/hook
""",
    ),
    "a call to no host": (
        [
            """
operation: streamOrder
stream:
- call: {webhook: orderPaid, to: "http://:9000/x"}
"""
        ],
        """
a.yaml:3:34: 'http://:9000/x' is no URL that begins with http:// or https:// and a host [bad-url]
  - call: {webhook: orderPaid, to: "http://:9000/x"}
                                   ^^^^^^^^^^^^^^^^
  mend: write a URL such as http://127.0.0.1:9000/hook
""",
    ),
    "a call to a port that cannot be": (
        [
            """
operation: streamOrder
stream:
- call: {webhook: orderPaid, to: "http://127.0.0.1:99999/"}
"""
        ],
        """
a.yaml:3:34: 'http://127.0.0.1:99999/' is no URL: its host or port is none [bad-url]
  - call: {webhook: orderPaid, to: "http://127.0.0.1:99999/"}
                                   ^^^^^^^^^^^^^^^^^^^^^^^^^
  mend: write a URL such as http://127.0.0.1:9000/hook
""",
    ),
    "a call to a number": (
        [
            """
operation: streamOrder
stream:
- call: {webhook: orderPaid, to: "http://2130706433/"}
"""
        ],
        """
a.yaml:3:34: 'http://2130706433/' has a number for a host [bad-url]
  - call: {webhook: orderPaid, to: "http://2130706433/"}
                                   ^^^^^^^^^^^^^^^^^^^^
  mend: write a URL such as http://127.0.0.1:9000/hook
""",
    ),
    "a call to a URL with a space": (
        [
            """
operation: streamOrder
stream:
- call: {webhook: orderPaid, to: "http://127.0.0.1/a b"}
"""
        ],
        """
a.yaml:3:34: 'http://127.0.0.1/a b' is no URL: it has a space, or what cannot be printed [bad-url]
  - call: {webhook: orderPaid, to: "http://127.0.0.1/a b"}
                                   ^^^^^^^^^^^^^^^^^^^^^^
  mend: write a URL such as http://127.0.0.1:9000/hook
""",
    ),
    "an unknown callback": (
        [
            """
operation: streamOrder
stream:
- call: {callback: statusChange}
"""
        ],
        """
a.yaml:3:3: streamOrder declares no callback 'statusChange' [unknown-call]
  - call: {callback: statusChange}
    ^
  mend: did you mean 'statusChanged'?
""",
    ),
    "a callback of an operation that has none": (
        [
            """
operation: streamEvents
stream:
- call: {callback: statusChanged}
"""
        ],
        """
a.yaml:3:3: streamEvents declares no callback 'statusChanged' [unknown-call]
  - call: {callback: statusChanged}
    ^
  mend: it declares none at all
""",
    ),
    "an unknown webhook": (
        [
            """
operation: streamOrder
stream:
- call: {webhook: orderPayed, to: "http://127.0.0.1:9000/"}
"""
        ],
        """
a.yaml:3:3: the document declares no webhook 'orderPayed' [unknown-call]
  - call: {webhook: orderPayed, to: "http://127.0.0.1:9000/"}
    ^
  mend: did you mean 'orderPaid'?
""",
    ),
    "a callback of two methods": (
        [
            """
operation: streamOrder
stream:
- call: {callback: either}
"""
        ],
        """
a.yaml:3:3: callback 'either' is declared for POST and PUT [call-method]
  - call: {callback: either}
    ^
  mend: write 'method: POST'
""",
    ),
    "a callback of another method": (
        [
            """
operation: streamOrder
stream:
- call: {callback: statusChanged, method: patch}
"""
        ],
        """
a.yaml:3:3: callback 'statusChanged' is declared not for PATCH, but POST [call-method]
  - call: {callback: statusChanged, method: patch}
    ^
  mend: write 'method: POST'
""",
    ),
    "a callback that goes where the answer says": (
        [
            """
operation: streamOrder
stream:
- call: {callback: answered}
"""
        ],
        """
a.yaml:3:3: where callback 'answered' goes cannot be known: $response.body#/url is a part of the answer, which is not known yet [bad-expression]
  - call: {callback: answered}
    ^
  mend: say it with 'to: http://…'
""",
    ),
    "a callback that goes where the path does not say": (
        [
            """
operation: streamOrder
stream:
- call: {callback: pathless}
"""
        ],
        """
a.yaml:3:3: where callback 'pathless' goes cannot be known: $request.path.nobody: /orders/{id}/events has no such parameter [bad-expression]
  - call: {callback: pathless}
    ^
  mend: say it with 'to: http://…'
""",
    ),
    "a callback that goes where no body says": (
        [
            """
operation: streamOrder
stream:
- repeat: {times: 2, steps: [{call: {callback: bodiless}}]}
"""
        ],
        """
a.yaml:3:30: where callback 'bodiless' goes cannot be known: $request.body#/url: streamOrder takes no body [bad-expression]
  - repeat: {times: 2, steps: [{call: {callback: bodiless}}]}
                               ^
  mend: say it with 'to: http://…'
""",
    ),
    "an unknown name in a call": (
        [
            """
operation: streamOrder
stream:
- call: {webhook: orderPaid, to: "{{ nobody }}", body: ["{{ request.path.nr }}"]}
"""
        ],
        """
a.yaml:3:34: unknown name 'nobody' in a template [unknown-name]
  - call: {webhook: orderPaid, to: "{{ nobody }}", body: ["{{ request.path.nr }}"]}
                                   ^^^^^^^^^^^^^^
  mend: known here: connection, example, hex, last_event_id, now, pick, random_bool, random_float, random_int, random_string, request, session, shuffle, subscription, timestamp, uuid, vars
""",
    ),
    "a loop of nothing but calls": (
        [
            """
operation: streamOrder
stream:
- repeat: {times: forever, steps: [{call: {callback: statusChanged}}]}
"""
        ],
        """
a.yaml:3:3: this loop may run for ever without sending or waiting [empty-loop]
  - repeat: {times: forever, steps: [{call: {callback: statusChanged}}]}
    ^
  mend: add every: 1s, or an event that every round sends
""",
    ),
}
