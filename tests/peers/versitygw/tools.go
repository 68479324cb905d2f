//go:build tools

// Package peers pins the S3 server that tables in a bucket are tested with.
package peers

import _ "github.com/versity/versitygw/cmd/versitygw"
