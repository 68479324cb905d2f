//go:build tools

// Package peers pins the Helm that renders our chart.
package peers

import _ "helm.sh/helm/v3/cmd/helm"
