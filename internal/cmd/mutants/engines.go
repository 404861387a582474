package main

// engines are faults at the doors of the engines that last.
func engines() []mutant {
	const (
		loop   = "./internal/driver/loop"
		driver = "./internal/driver/durable"
		dead   = "internal/driver/recover"
	)
	return []mutant{
		{"engines: a durable execution is known by its id", "internal/target/executions.go", `Cut(arn, durableExecution)`, `Cut(arn, "/no-execution/")`, "TestALivingExecution", driver, false, nil},
		{"engines: a worker asks none", "internal/driver/workflow/workflow.go", "Engines: c.Engines, ", "", "TestALivingExecution", driver, false, nil},
		{"engines: a pipeline asks none", "internal/driver/pipeline/call.go", "Engines: w.Engines, ", "", "TestALivingEngineKeepsItsRolloutAtEvery", loop, false, nil},
		{"engines: one that cannot be asked hides the others", "internal/turn/handover.go", "found.Err = target.CallError(err)\n", "found.Err = target.CallError(err)\n			return found\n", "TestEnginesThatCannot", loop, false, nil},
		{"durable: a start that was not answered has no ARN", "internal/turn/turn.go", "	w.find(ctx)\n", "", "TestAHandOverToTheDurable", loop, false, nil},
		{"durable: a start waits for the end", "internal/cloud/durables/engine.go", "types.InvocationTypeEvent", "types.InvocationTypeRequestResponse", "TestAStart", "./internal/cloud/durables", false, nil},
		{"durable: another's name is a failure", "internal/cloud/durables/engine.go", "DurableExecutionAlreadyStartedException", "DurableExecutionAlreadyExists", "TestAStartThatIsNone", "./internal/cloud/durables", false, nil},
		{"durable: an execution is found by any name", "internal/cloud/durables/observed.go", "if aws.ToString(e.DurableExecutionName) == name {", "if aws.ToString(e.DurableExecutionName) != \"\" {", "TestAnExecutionIsFound", "./internal/cloud/durables", false, nil},
		{"durable: who was relieved is told as it was", "internal/inspect/execution.go", "case known && a.Status == string(rollout.InProgress):", "case known && a.Status == \"\":", "TestStatusOfADurable", loop, false, nil},
		{"durable: its switch is a deployer's", "internal/driver/deadman/deadman.go", "case rollout.EngineWorkflow, rollout.EngineDurable:", "case rollout.EngineWorkflow:", "TestADurableExecutionThatIsPaused", loop, false, nil},
		{"durable: its switch names a workflow", "internal/driver/workflow/workflow.go", "Engine: driver.Engine, Execution", "Engine: rollout.EngineWorkflow, Execution", "TestARolloutThatIsLeft", loop, false, nil},
		{"durable: a living one is asked of Step Functions", dead + "/recover.go", "engine = c.Durables", "engine = c.Workflows", "TestEveryEvent", "./" + dead, false, nil},
		{"durable: what was stopped is not heard of", dead + "/event.go", `"FAILED", "STOPPED", "TIMED_OUT"`, `"FAILED", "TIMED_OUT"`, "TestEveryEvent", "./" + dead, false, nil},
		{"durable: a switch for another's driver", dead + "/event.go", "isDurable(in.Execution) && driverOf(in.Execution) == in.Driver", "isDurable(in.Execution)", "TestWhatCallsAgain", "./" + dead, false, nil},
		{"durable: a wait is not kept", "internal/driver/durable/durable.go", "State: string(out), Wait: wait}", "State: string(out), Wait: 0 * wait}", "TestAHealthyRollout|TestSevenDays", driver, false, nil},
		{"durable: the first look begins nothing", "internal/driver/durable/durable.go", "case l.First:", "case false:", "TestE1ADurable", loop, true, nil},
		{"durable: what is handed over is sent as text", "internal/driver/durable/durable.go", "asJSON(l.Input)", "l.Input", "TestE1AHandOverToTheDurable", loop, true, nil},
	}
}
