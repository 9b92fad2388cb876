module github.com/waymark-dev/waymark

go 1.26.0
