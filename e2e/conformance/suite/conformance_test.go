// The conformance suite of the Gateway API, as it is released: compiled as a test, its flags are the suite's.
package conformance

import (
	"flag"
	"os"
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
	reports "sigs.k8s.io/gateway-api/conformance/apis/v1"
	"sigs.k8s.io/yaml"
)

func TestConformance(t *testing.T) {
	conformance.RunConformance(t)
}

var report = flag.String("report", "", "a report to judge by the rule of the public list")

// TestReport asks the Gateway API's own judge, by which a report is taken into the public list.
func TestReport(t *testing.T) {
	text, err := os.ReadFile(*report)
	if err != nil {
		t.Fatal(err)
	}
	var judged reports.ConformanceReport
	if err := yaml.UnmarshalStrict(text, &judged); err != nil {
		t.Fatal(err)
	}
	gateway, _, err := judged.IsConformant(judged.GatewayAPIVersion)
	if err != nil || gateway != reports.Success {
		t.Fatalf("the report is not conformant: %s (%v)", gateway, err)
	}
}
