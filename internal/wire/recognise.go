package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// recognise tells protocol and operation apart by what the clients send.
func recognise(r *http.Request, raw []byte) (protocol, string) {
	const (
		cloudwatch     = "GraniteServiceVersion20100801"
		codedeploy     = "CodeDeploy_20141006"
		codepipeline   = "CodePipeline_20150709"
		eventbridge    = "AWSEvents"
		stepfunctions  = "AWSStepFunctions"
		cloudwatchCBOR = "/service/" + cloudwatch + "/operation/"
	)
	if operation, ok := strings.CutPrefix(r.URL.Path, cloudwatchCBOR); ok {
		return cborRPC{}, "cloudwatch:" + operation
	}
	switch service, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); service {
	case cloudwatch:
		return jsonRPC{version: "1.0"}, "cloudwatch:" + operation
	case codedeploy:
		return jsonRPC{version: "1.1"}, "codedeploy:" + operation
	case eventbridge:
		return jsonRPC{version: "1.1"}, "events:" + operation
	case codepipeline:
		return jsonRPC{version: "1.1"}, "codepipeline:" + operation
	case stepfunctions:
		return jsonRPC{version: "1.0"}, "states:" + operation
	}
	if r.Header.Get("X-Amz-Target") != "" {
		return elsewhere(r, raw)
	}
	if r.URL.Path == "/" && r.Method == http.MethodPost {
		return recogniseQuery(raw)
	}
	if strings.HasPrefix(r.URL.Path, "/2025-12-01/") {
		return restJSON{}, durableOperation(r.Method, strings.Split(r.URL.Path, "/"))
	}
	if path := strings.Split(r.URL.Path, "/"); len(path) == 3 && path[1] == "schedules" {
		return restJSON{}, schedulerOperation(r.Method)
	}
	return restJSON{}, lambdaOperation(r.Method, strings.Split(r.URL.Path, "/"))
}

// schedulerOperation tells Amazon EventBridge Scheduler's operations on a schedule apart: /schedules/NAME.
func schedulerOperation(method string) string {
	return map[string]string{
		http.MethodPost: "scheduler:CreateSchedule", http.MethodPut: "scheduler:UpdateSchedule",
		http.MethodDelete: "scheduler:DeleteSchedule", http.MethodGet: "scheduler:GetSchedule",
	}[method]
}

// recogniseQuery tells operations of query apart, by the version of the API.
func recogniseQuery(raw []byte) (protocol, string) {
	form, err := url.ParseQuery(string(raw))
	if err != nil || form.Get("Action") == "" {
		return query{}, ""
	}
	switch form.Get("Version") {
	case "2010-08-01":
		return query{namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/"}, "cloudwatch:" + form.Get("Action")
	case "2011-06-15":
		return query{namespace: "https://sts.amazonaws.com/doc/2011-06-15/"}, "sts:" + form.Get("Action")
	}
	return query{}, ""
}

// lambdaOperation tells AWS Lambda's operations apart, by method and /VERSION/functions/FUNCTION/RESOURCE/NAME.
func lambdaOperation(method string, path []string) string {
	if len(path) == 4 && path[2] == "functions" && path[3] == "" || len(path) == 3 && path[2] == "functions" {
		return map[string]string{http.MethodGet: "lambda:ListFunctions"}[method]
	}
	if len(path) < 4 || len(path) > 6 || path[2] != "functions" {
		return ""
	}
	resource := ""
	if len(path) > 4 {
		resource = path[4]
	}
	if len(path) > 5 {
		resource += "/*"
	}
	return map[string]string{
		"GET ":                        "lambda:GetFunction",
		"PUT code":                    "lambda:UpdateFunctionCode",
		"PUT configuration":           "lambda:UpdateFunctionConfiguration",
		"GET configuration":           "lambda:GetFunctionConfiguration",
		"GET versions":                "lambda:ListVersionsByFunction",
		"POST versions":               "lambda:PublishVersion",
		"GET aliases":                 "lambda:ListAliases",
		"POST aliases":                "lambda:CreateAlias",
		"GET aliases/*":               "lambda:GetAlias",
		"PUT aliases/*":               "lambda:UpdateAlias",
		"DELETE aliases/*":            "lambda:DeleteAlias",
		"GET provisioned-concurrency": "lambda:GetProvisionedConcurrencyConfig",
		"POST invocations":            "lambda:Invoke",
	}[method+" "+resource]
}

// durableOperation tells AWS Lambda's operations on durable executions apart, by method, kind and what of it. An execution's ARN
// has slashes.
func durableOperation(method string, path []string) string {
	if len(path) == 7 && method == "GET" && path[2] == "durable-executions" && path[4] == "durable-execution" {
		return "lambda:GetDurableExecution"
	}
	return map[string]string{
		"POST durable-executions checkpoint":       "lambda:CheckpointDurableExecution",
		"GET durable-executions state":             "lambda:GetDurableExecutionState",
		"GET durable-executions history":           "lambda:GetDurableExecutionHistory",
		"GET functions durable-executions":         "lambda:ListDurableExecutionsByFunction",
		"POST durable-execution-callbacks succeed": "lambda:SendDurableExecutionCallbackSuccess",
	}[method+" "+path[2]+" "+path[len(path)-1]]
}
