package wire

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// elsewhere recognises a request for what is served nowhere here, so that its client gets an answer that it can read: the protocol
// by what the client sends, and the operation by the service that the request is signed for.
func elsewhere(r *http.Request, raw []byte) (protocol, string) {
	service := signedFor(r)
	if name, ok := strings.CutPrefix(r.URL.Path, "/service/"); ok {
		_, operation, _ := strings.Cut(name, "/operation/")
		return cborRPC{}, service + ":" + operation
	}
	if _, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		_, version, _ := strings.Cut(r.Header.Get("Content-Type"), "amz-json-")
		if version == "" {
			version = "1.1"
		}
		return jsonRPC{version: version}, service + ":" + operation
	}
	if form, err := url.ParseQuery(string(raw)); err == nil && form.Get("Action") != "" {
		return xmlErrors{nested: service == "ec2"}, service + ":" + form.Get("Action")
	}
	what := service + ":" + r.Method + " " + r.URL.Path
	if service == "s3" || service == "route53" || service == "cloudfront" {
		return xmlErrors{plain: service == "s3"}, what
	}
	return restJSON{}, what
}

// signedFor is the service of a signature; "unknown" without one.
func signedFor(r *http.Request) string {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	scope, _, _ := strings.Cut(credential, ",")
	if parts := strings.Split(scope, "/"); len(parts) == 5 && parts[3] != "" {
		return parts[3]
	}
	return "unknown"
}

// xmlErrors are the errors of the protocols that answer in XML: query's; nested, as of Amazon EC2; plain, as of Amazon S3.
type xmlErrors struct{ nested, plain bool }

func (xmlErrors) decode([]byte) any { return nil }

func (p xmlErrors) write(w http.ResponseWriter, _ string, a Answer) {
	const id = "00000000-0000-4000-8000-000000000000"
	var code, message, body bytes.Buffer
	_ = xml.EscapeText(&code, []byte(a.Code))
	_ = xml.EscapeText(&message, []byte(a.Message))
	inner := fmt.Sprintf("<Error><Code>%s</Code><Message>%s</Message></Error>", &code, &message)
	switch {
	case p.nested:
		fmt.Fprintf(&body, "<Response><Errors>%s</Errors><RequestID>%s</RequestID></Response>", inner, id)
	case p.plain:
		body.WriteString(inner)
	default:
		fmt.Fprintf(&body, "<ErrorResponse>%s<RequestId>%s</RequestId></ErrorResponse>", inner, id)
	}
	send(w, a, "text/xml", body.Bytes())
}
