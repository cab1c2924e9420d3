// Command decisions prints the table that the test of the module `proxy` reads: which proxy Go's package httpproxy
// chooses for a server. kubectl chooses the proxy with the same package.
//
// To write the table again, copy this file into an empty folder and run:
//
//	go mod init decisions
//	go get golang.org/x/net/http/httpproxy@v0.62.0
//	go run decisions.go > decisions.json
package main

import (
	"encoding/json"
	"net/url"
	"os"

	"golang.org/x/net/http/httpproxy"
)

const proxy = "http://proxy.test:3128"

// Case is one row of the table. The fields up to Server are the input, Proxy is the decision: empty for no proxy.
type Case struct {
	HTTPProxy  string `json:"httpProxy"`
	HTTPSProxy string `json:"httpsProxy"`
	NoProxy    string `json:"noProxy"`
	Server     string `json:"server"`
	Proxy      string `json:"proxy"`
}

func main() {
	https := func(noProxy, server string) Case {
		return Case{HTTPSProxy: proxy, NoProxy: noProxy, Server: server}
	}
	cases := []Case{
		// The scheme of the server chooses the variable.
		{HTTPProxy: "http://a.test:1", HTTPSProxy: "http://b.test:2", Server: "https://api.corp.test:6443"},
		{HTTPProxy: "http://a.test:1", HTTPSProxy: "http://b.test:2", Server: "http://api.corp.test:8080"},
		{HTTPProxy: "http://a.test:1", Server: "https://api.corp.test:6443"},
		{HTTPSProxy: "http://b.test:2", Server: "http://api.corp.test:8080"},
		{Server: "https://api.corp.test:6443"},
		// The form of the proxy.
		{HTTPSProxy: "proxy.test:3128", Server: "https://api.corp.test"},
		{HTTPSProxy: "proxy.test", Server: "https://api.corp.test"},
		{HTTPSProxy: "10.1.2.3:3128", Server: "https://api.corp.test"},
		{HTTPSProxy: "user:secret@proxy.test:3128", Server: "https://api.corp.test"},
		{HTTPSProxy: "socks5://proxy.test:1080", Server: "https://api.corp.test"},
		{HTTPSProxy: "https://proxy.test", Server: "https://api.corp.test"},
		{HTTPSProxy: "http://[::2]:3128", Server: "https://api.corp.test"},
		// Servers on this machine.
		https("", "https://localhost:6443"),
		https("", "https://127.0.0.1:6443"),
		https("", "https://127.8.9.10:6443"),
		https("", "https://[::1]:6443"),
		https("", "https://[::ffff:127.0.0.1]:6443"),
		https("", "https://api.localhost:6443"),
		https("", "https://LOCALHOST:6443"),
		// Names.
		https("corp.test", "https://corp.test:6443"),
		https("corp.test", "https://api.corp.test:6443"),
		https("corp.test", "https://mycorp.test:6443"),
		https("CORP.test", "https://API.Corp.Test:6443"),
		https(".corp.test", "https://api.corp.test:6443"),
		https(".corp.test", "https://corp.test:6443"),
		https("*.corp.test", "https://api.corp.test:6443"),
		https("*.corp.test", "https://corp.test:6443"),
		https("*corp.test", "https://api.corp.test:6443"),
		https("api.*", "https://api.corp.test:6443"),
		https("test", "https://api.corp.test:6443"),
		https("api.corp.test.", "https://api.corp.test:6443"),
		// Ports.
		https("corp.test:6443", "https://api.corp.test:6443"),
		https("corp.test:443", "https://api.corp.test:6443"),
		https("corp.test:443", "https://api.corp.test"),
		https("10.1.2.3:6443", "https://10.1.2.3:6443"),
		https("10.1.2.3:443", "https://10.1.2.3:6443"),
		https("[fd00::1]:6443", "https://[fd00::1]:6443"),
		https(":6443", "https://api.corp.test:6443"),
		// Addresses.
		https("10.1.2.3", "https://10.1.2.3:6443"),
		https("10.1.2", "https://10.1.2.3:6443"),
		https("10.1.0.0/16", "https://10.1.2.3:6443"),
		https("10.1.2.3/16", "https://10.1.9.9:6443"),
		https("10.2.0.0/16", "https://10.1.2.3:6443"),
		https("10.0.0.0/33", "https://10.1.2.3:6443"),
		https("0.0.0.0/0", "https://api.corp.test:6443"),
		https("0.0.0.0/0", "https://10.1.2.3:6443"),
		https("fd00::/8", "https://[fd00::1]:6443"),
		https("fd00::1", "https://[FD00:0::1]:6443"),
		https("10.1.2.3", "https://[::ffff:10.1.2.3]:6443"),
		https("2.3", "https://10.1.2.3:6443"),
		// Lists.
		https("*", "https://api.corp.test:6443"),
		https("*", "https://10.1.2.3:6443"),
		https("a.test,*", "https://api.corp.test:6443"),
		https(" a.test , corp.test ", "https://api.corp.test:6443"),
		https("a.test corp.test", "https://api.corp.test:6443"),
		https("corp.test,", "https://api.corp.test:6443"),
		https(",,", "https://api.corp.test:6443"),
		https("no/host,corp.test", "https://api.corp.test:6443"),
		https(".", "https://api.corp.test:6443"),
		https("*.", "https://api.corp.test:6443"),
	}
	for index, row := range cases {
		config := httpproxy.Config{HTTPProxy: row.HTTPProxy, HTTPSProxy: row.HTTPSProxy, NoProxy: row.NoProxy}
		server, err := url.Parse(row.Server)
		if err != nil {
			panic(err)
		}
		chosen, err := config.ProxyFunc()(server)
		if err != nil {
			panic(err)
		}
		if chosen != nil {
			cases[index].Proxy = chosen.String()
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(cases); err != nil {
		panic(err)
	}
}
