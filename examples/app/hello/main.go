// Command hello is the function that meta-deployer moves.
package main

import (
	"context"
	"errors"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

type request struct {
	Name string `json:"name"`
}

type answer struct {
	Message string `json:"message"`
}

func main() {
	broken := os.Getenv("BROKEN") == "true"

	lambda.Start(func(_ context.Context, in request) (answer, error) {
		if broken {
			return answer{}, errors.New("this version is broken on purpose")
		}
		return answer{Message: "Hello, " + in.Name}, nil
	})
}
