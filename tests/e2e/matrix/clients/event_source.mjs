// node event_source.mjs PACKAGE: the class `EventSource` of an npm package.

import {readFileSync} from 'node:fs'
import {drive} from './drive.mjs'

const {EventSource} = await import(process.argv[2])
const file = new URL('listen.js', import.meta.url)
const listen = new Function(`${readFileSync(file, 'utf8')}; return listen`)()

drive((run, emit) => listen(EventSource, run, emit))
