// node event_source.mjs PACKAGE: the class `EventSource` of an npm package.

import {drive, listen} from './drive.mjs'

const {EventSource} = await import(process.argv[2])

drive((run, emit) => listen(EventSource, run, emit))
