// Package version has the version of this code. It is a constant and not a flag of the build, so that the same code is the
// same bytes whoever builds it.
package version

// Number is the semantic version of what is being built. CHANGELOG.md begins with it, and template.yaml names it.
const Number = "0.1.0"
