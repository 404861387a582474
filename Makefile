# The one way in, for people, for CI and for SAM. Go alone is enough for demo, build, test and fuzz.

# Nothing in here talks to AWS: a profile or a proxy's certificates must not change what it does.
unexport AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CA_BUNDLE
export AWS_EC2_METADATA_DISABLED = true
export SAM_CLI_TELEMETRY = 0

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- Run and build

demo: ## Watch whole rollouts in a simulated account
	go run ./internal/cmd/demo

SPEED   ?= 10
ADDRESS ?= 127.0.0.1:3001

local: ## Serve the simulated account to AWS's own clients on ADDRESS (127.0.0.1:3001), SPEED (10) times as fast
	go run ./internal/cmd/local -addr $(ADDRESS) -speed $(SPEED)

rehearse: ## Replay recorded traffic through a plan
	go run ./internal/cmd/rehearse

# What is built has to run where it is deployed to, and SAM tells make nothing about the template's Architecture. So the
# build reads it from where sam deploy does: "Architecture=x86_64" among the parameter_overrides of samconfig.toml. Who gives
# parameters by hand deploys with make deploy, which gives the same word to both.
SAMCONFIG     ?= samconfig.toml
CONFIGURED     = $(sort $(shell grep -v '^ *\#' $(SAMCONFIG) | grep -o 'Architecture=[\\"]*[a-z0-9_]*' | sed 's/.*[=\\"]//'))
ARCHITECTURE  ?= $(or $(CONFIGURED),arm64)
GOARCH_arm64   = arm64
GOARCH_x86_64  = amd64
LAMBDA_GOARCH  = $(and $(CONFIGURED),$(if $(filter $(ARCHITECTURE),$(CONFIGURED)),,$(error \
	$(SAMCONFIG) has Architecture=$(CONFIGURED), and this builds for $(ARCHITECTURE): make them the same)))$(or \
	$(GOARCH_$(ARCHITECTURE)),$(error ARCHITECTURE is arm64 or x86_64, not $(ARCHITECTURE): say which one to make))

# The same bytes from the same code, wherever and at whatever commit it is built: other bytes are a new version to Lambda. Without
# HTTP/2, which no call here needs, a zip is 0.14 MB smaller; without aws-lambda-go's older protocol, too.
BUILD_FUNCTION = CGO_ENABLED=0 GOOS=linux GOARCH=$(LAMBDA_GOARCH) \
	go build -trimpath -buildvcs=false -tags lambda.norpc,nethttpomithttp2 -ldflags '-s -w'

FUNCTIONS = $(patsubst functions/%/main.go,%,$(wildcard functions/*/main.go))

build: $(FUNCTIONS:%=dist/%/bootstrap) ## Build every function into dist/NAME/bootstrap

dist/%/bootstrap: FORCE
	$(BUILD_FUNCTION) -o $@ ./functions/$*

# What sam build calls: DeployerFunction is functions/deployer.
build-%Function:
	$(BUILD_FUNCTION) -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(shell echo $* | tr A-Z a-z)

# --parameter-overrides by hand takes the place of the ones in samconfig.toml.
OVERRIDES = $(PARAMETERS) $(if $(PARAMETERS)$(filter-out arm64 $(CONFIGURED),$(ARCHITECTURE)),Architecture=$(ARCHITECTURE))

deploy: ## Build and deploy with SAM, for one ARCHITECTURE: PARAMETERS="FunctionNamePattern=my-app-*" ARGS=--guided
	ARCHITECTURE=$(ARCHITECTURE) sam build
	sam deploy $(ARGS) $(if $(strip $(OVERRIDES)),--parameter-overrides $(strip $(OVERRIDES)))

clean: ## Remove what was built and installed here
	rm -rf dist .aws-sam examples/app/.aws-sam .venv-sam .venv-peers .venv-awscli2 .venv-localstack .venv-durable .venv-uv tools/stepfunctions/node_modules examples/cdk/node_modules examples/cdk/cdk.out

package: build ## Make what installs without Go, for ARCHITECTURE, in dist/meta-deployer-VERSION-ARCHITECTURE
	go run ./internal/cmd/package $(ARCHITECTURE)

docs: ## Write the documents that are made of the code and the template
	go run ./internal/cmd/reference
	go run ./internal/cmd/demo -svg failing-rolled-back > docs/img/demo.svg

# ---- Check

# The tests that play thousands of rollouts, or one of days, look by look.
EXHAUSTIVE = ^Test(L2A(tEveryCall|PipelinesCall|HandOver)|L4|E1AHandOver|RehearseTells|EveryDriverChooses|ARolloutEndsTheSameWherever|FalseRollbacks|SevenDays|TheOldVersionAgainstItself|WhatIsNoNumber|APipelineThatIsNever|A(Workflow|DurableExecution)ThatIsPaused)

test: ## Run the tests but the exhaustive ones, with a fifth of the random draws; make ci runs all
	go test -short -p 4 -timeout 30m ./... -skip '$(EXHAUSTIVE)' # four packages at a time: some only wait for programs

# What make test leaves out is all here: without -short every property has its 100 draws, and a rollout is killed at each call.
# The exhaustive tests take minutes with the race detector, where they find nothing that others do not: they are left out with
# it, two packages have fewer draws, and then all of the packages that have such tests is run without it.
SLOW = /internal/(rollout|driver/loop)$$
HAS_EXHAUSTIVE = /internal/(analysis|cmd/rehearse|rollout|driver/(durable|loop|workflow))$$

test-race: ## Run the tests in random order with the race detector
	go test -race -shuffle=on -timeout 30m $$(go list ./... | grep -vE '$(SLOW)') -skip '$(EXHAUSTIVE)'
	go test -race -short -shuffle=on -timeout 30m $$(go list ./... | grep -E '$(SLOW)') -rapid.checks=10 -skip '$(EXHAUSTIVE)'
	go test -shuffle=on -timeout 30m $$(go list ./... | grep -E '$(HAS_EXHAUSTIVE)')

mutants: ## Plant faults, and see that the tests notice each
	go run ./internal/cmd/mutants

test-arm64: ## Check the judge's arithmetic as Lambda's arm64 does it, with Debian's qemu-user-static
	GOARCH=arm64 CGO_ENABLED=0 go test -exec qemu-aarch64-static -run Vectors ./internal/analysis/...

CHECKS ?= 10000

torture: ## Random rollouts in a hostile account, CHECKS (10000) for each property of docs/design.md
	go test -count=1 -timeout 30m ./internal/driver/loop -run 'Test(S[0-9]|L[1-4]|E1)' -rapid.checks=$(CHECKS) || \
		{ echo 'to replay: go test ./internal/driver/loop, with the flags behind "To reproduce" above'; exit 1; }

test-bench: ## Run the tests of the benchmarks, a module of their own
	go -C bench test ./...

test-schema: ## Hold the JSON Schemas to the parser, by a validator that others wrote; a module of its own
	go -C tools/schema test -count=1 ./...

bench: ## Measure the functions, each beside its floor; writes docs/benchmarks.md
	go -C bench run ./functions

bench-judgement: ## Measure the judge against others; writes docs/benchmarks.md
	go -C bench run ./judgement

# Runs, not seconds: a fuzz test whose time is up sometimes fails of just that, with "context deadline exceeded".
FUZZTIME ?= 50000x

fuzz: ## Fuzz every fuzz target for FUZZTIME (50000x, or 10s)
	@found=$$(go test -list '^Fuzz' ./...) || { echo "$$found"; exit 1; }; \
	echo "$$found" | \
	awk '/^Fuzz/ {names[++n] = $$1} /^ok/ {for (i = 1; i <= n; i++) print $$2, names[i]; n = 0}' | \
	while read -r package name; do \
		echo "-- $$name in $$package"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$package" </dev/null || exit 1; \
	done

# Tools have a module of their own, so that nobody who uses the code gets their two hundred requirements.
TOOL = go tool -modfile=tools/go.mod
GO_DIRECTORIES = $(wildcard cmd functions internal examples bench docs tools/schema)

fmt: ## Format the code
	$(TOOL) gofumpt -w $(GO_DIRECTORIES)

fmt-check:
	@unformatted=$$(gofmt -l $(GO_DIRECTORIES) && $(TOOL) gofumpt -l $(GO_DIRECTORIES)) || exit 1; \
	if [ -n "$$unformatted" ]; then echo "make fmt would change:"; echo "$$unformatted"; exit 1; fi

vet: ## Run go vet, and check that go.mod is tidy
	go vet ./...
	go mod tidy -diff
	cd examples/app && go vet ./... && go mod tidy -diff
	cd bench && go vet ./... && go mod tidy -diff
	cd tools/schema && go vet ./... && go mod tidy -diff

lint: ## Run the linters; they also hold the architecture (.golangci.yaml)
	$(TOOL) golangci-lint run ./...
	cd bench && go tool -modfile=../tools/go.mod golangci-lint run ./...

# ---- Check the templates, with SAM's and CloudFormation's own tools

SAM_ENV = .venv-sam
SAM = $(CURDIR)/$(SAM_ENV)/bin/sam
CFN_LINT = $(SAM_ENV)/bin/cfn-lint
PYTHON = $(SAM_ENV)/bin/python

.venv-uv/installed:
	python3 -m venv .venv-uv
	.venv-uv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
	touch $@

define INSTALL_PYTHON
	.venv-uv/bin/uv venv --quiet --clear --python .venv-uv/bin/python $(@D)
	.venv-uv/bin/uv pip install --quiet --python $(@D) --require-hashes -r $<
	touch $@
endef

$(SAM_ENV)/installed: tools/requirements.txt | .venv-uv/installed
	$(INSTALL_PYTHON)

.venv-%/installed: tools/%-requirements.txt | .venv-uv/installed
	$(INSTALL_PYTHON)

.venv-awscli2/installed: tools/awscli2-requirements.txt | .venv-uv/installed
	rm -rf $(@D)
	.venv-uv/bin/pip download --quiet --disable-pip-version-check --no-deps --require-hashes -d $(@D) -r $<
	python3 tools/unpack_awscli2.py $(@D)
	touch $@

template: build $(SAM_ENV)/installed ## Lint, build, expand and check the two templates, and the picture that a script draws
	python3 tools/draw_turn.py --check
	$(SAM) validate --lint
	cd examples/app && $(SAM) validate --lint
	$(CFN_LINT) template.yaml target-account.yaml examples/app/template.yaml examples/pipeline/template.yaml
	$(SAM) build
	cd examples/app && $(SAM) build
	$(PYTHON) tools/expand.py template.yaml > dist/template.json
	$(PYTHON) tools/expand.py examples/app/template.yaml > dist/example.json
	$(CFN_LINT) dist/template.json dist/example.json
	$(PYTHON) tools/check_template.py

screenshots: ## Show the dashboard's widget in Chromium (apt-get install chromium), in dist/screenshots; make ci does not
	python3 tools/screenshots.py

# ---- Check against what others wrote: AWS's clients at the simulated account, emulators under the same conformance suite

# The interpreter of state machines and the Node that it needs, from their lock file; npm writes the target itself.
STEPFUNCTIONS = tools/stepfunctions/node_modules/.package-lock.json

$(STEPFUNCTIONS): tools/stepfunctions/package-lock.json
	cd tools/stepfunctions && npm ci --silent --no-audit --no-fund
	touch $@

# The example for CDK, from its lock file.
CDK = examples/cdk/node_modules/.package-lock.json

$(CDK): examples/cdk/package-lock.json
	cd examples/cdk && npm ci --silent --no-audit --no-fund
	touch $@

e2e: template .venv-peers/installed .venv-awscli2/installed .venv-localstack/installed .venv-durable/installed $(STEPFUNCTIONS) $(CDK) ## Prove it by strangers: the templates, real clients, emulators, the compiled functions
	go test -tags e2e -count=1 -parallel 48 -timeout 40m ./internal/e2e

e2e-slow: $(STEPFUNCTIONS) ## Run the ancestor's example of twenty minutes in real time; make ci does not
	go test -tags e2e,slow -count=1 -timeout 40m -run TestSlow ./internal/e2e

# ---- All of it

CI_STEPS = fmt-check vet lint demo test-race test-bench test-schema mutants fuzz e2e

ci: ## Everything that must pass before a change goes in
	@for step in $(CI_STEPS); do \
		printf '\n==== make %s\n' "$$step"; \
		$(MAKE) --no-print-directory "$$step" || { printf '\n==== make %s failed\n' "$$step"; exit 1; }; \
	done
	@printf '\n==== all passed\n'

FORCE:

.PHONY: help docs screenshots package mutants deploy demo local e2e rehearse build clean test-arm64 torture test-bench test-schema bench bench-judgement test test-race fuzz fmt fmt-check vet lint template ci FORCE
