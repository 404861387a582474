// Package floor is what the functions are measured against: bare handlers that hold the SDK clients that a function
// holds, and know nothing of rollouts.
package floor

import (
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Config is the least that the clients need, read as cheaply as can be.
func Config() aws.Config {
	return aws.Config{
		Region:       os.Getenv("AWS_REGION"),
		Credentials:  credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")),
		HTTPClient:   awshttp.NewBuildableClient(),
		BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL")),
	}
}
