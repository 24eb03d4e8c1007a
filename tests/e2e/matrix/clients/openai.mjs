// The `openai` package for JavaScript: every chunk that its iterator gives out, as JSON. `closed`
// says whether it ended or raised.

import OpenAI from 'openai'
import {driveLoop} from './drive.mjs'

const PATH = '/chat/completions'

driveLoop(async ({url, headers, body}, emit, signal) => {
  const client = new OpenAI({
    apiKey: 'test',
    baseURL: url.slice(0, url.indexOf(PATH)),
    defaultHeaders: headers,
  })
  const chunks = await client.chat.completions.create(JSON.parse(body), {signal})
  emit({kind: 'open'})
  for await (const chunk of chunks) {
    emit({kind: 'event', type: 'message', data: JSON.stringify(chunk), lastEventId: null})
  }
  return ''
})
