module github.com/meta-deployer/meta-deployer/tools/schema

go 1.26

require (
	github.com/meta-deployer/meta-deployer v0.0.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	github.com/stretchr/testify v1.12.1
	pgregory.net/rapid v1.3.0
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/text v0.14.0 // indirect
)

replace github.com/meta-deployer/meta-deployer => ../..
