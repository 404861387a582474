package main

// engines are faults at the doors of the engines that last.
func engines() []mutant {
	const (
		loop   = "./internal/driver/loop"
		driver = "./internal/driver/durable"
	)
	return []mutant{
		{"engines: a durable execution is known by its id", "internal/target/executions.go", `arn, "/durable-execution/"`, `arn, "/no-execution/"`, "TestALivingExecution", driver, false, nil},
		{"engines: a worker asks none", "internal/driver/workflow/workflow.go", "Engines: c.Engines, ", "", "TestALivingExecution", driver, false, nil},
		{"engines: a pipeline asks none", "internal/driver/pipeline/call.go", "Engines: w.Engines, ", "", "TestALivingEngineKeepsItsRolloutAtEvery", loop, false, nil},
		{"engines: one that cannot be asked hides the others", "internal/turn/handover.go", "found.Err = target.CallError(err)\n", "found.Err = target.CallError(err)\n			return found\n", "TestEnginesThatCannot", loop, false, nil},
	}
}
