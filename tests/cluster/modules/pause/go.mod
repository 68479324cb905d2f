module periplus.dev/testbed/pause

go 1.26.0
