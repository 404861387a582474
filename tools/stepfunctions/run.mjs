// Executes a state machine as Step Functions would, for internal/e2e:
//
//   node run.mjs MACHINE [SUBSTITUTION=VALUE ...] < {"input", "context", "retries"}
//
// Each state that is entered is a line {"state"}, each retry {"retried"}; the last line is {"output"}, {"error", "cause"} or
// {"stopped"}. retries are the pauses of Turn's Retry in milliseconds: a test has no time for the real ones. SIGTERM stops it.
import { readFileSync } from "node:fs";
import { StateMachine } from "aws-local-stepfunctions";

const [file, ...substitutions] = process.argv.slice(2);
const definition = substitutions
  .map((substitution) => substitution.split("="))
  .reduce((text, [name, value]) => text.replaceAll("${" + name + "}", value), readFileSync(file, "utf8"));
const { input, context, retries } = JSON.parse(readFileSync(0, "utf8"));
const print = (value) => process.stdout.write(JSON.stringify(value) + "\n");

const overrides = retries === undefined ? {} : { retryIntervalOverrides: { Turn: retries } };
const execution = new StateMachine(JSON.parse(definition)).run(input, { context, overrides });
execution.result.catch(() => {}); // told by the log
process.on("SIGTERM", () => execution.abort());

for await (const event of execution.eventLogs) {
  switch (event.type) {
    case "StateEntered":
      print({ state: event.state.name });
      break;
    case "StateRetried":
      print({ retried: event.state.name });
      break;
    case "ExecutionSucceeded":
      print({ output: event.output });
      break;
    case "ExecutionFailed":
      print({ error: event.Error, cause: event.Cause });
      break;
    case "ExecutionAborted":
      print({ stopped: true });
      break;
  }
}
