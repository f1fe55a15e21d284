// The conformance suite of the Gateway API, as it is released: compiled as a test, its flags are the suite's.
package conformance

import (
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
)

func TestConformance(t *testing.T) {
	conformance.RunConformance(t)
}
