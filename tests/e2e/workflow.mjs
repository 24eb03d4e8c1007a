// Reads a GitHub Actions workflow from standard input with GitHub's own parser, and prints as JSON what is
// wrong with it, and the commands and the environment of its job `test`.

import {readFileSync} from 'node:fs'
import {register} from 'node:module'

// The package imports JSON as bundlers do, without saying that it is JSON, which Node.js insists on.
register('data:text/javascript,' + encodeURIComponent(`
  export const load = (url, context, next) =>
    next(url, url.endsWith('.json') ? {...context, importAttributes: {type: 'json'}} : context)
`))
const {NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow} = await import('@actions/workflow-parser')

const file = {name: 'workflow.yml', content: readFileSync(0, 'utf8')}
const {context, value} = parseWorkflow(file, new NoOperationTraceWriter())
const template = value && (await convertWorkflowTemplate(context, value))
const job = template?.jobs?.find(({id}) => String(id) === 'test')

console.log(JSON.stringify({
  errors: context.errors.getErrors().map(({message}) => message),
  commands: (job?.steps ?? []).flatMap(({run}) => (run ? [String(run)] : [])),
  environment: Object.fromEntries((job?.env?.toJSON().map ?? []).map(({Key, Value}) => [Key, Value])),
}))
