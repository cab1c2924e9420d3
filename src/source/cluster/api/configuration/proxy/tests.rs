//! Tests of the choice of a proxy. The file `decisions.json` holds the decisions of Go's package, and `decisions.go` is
//! the program that has written the file.

use serde::Deserialize;

use crate::source::cluster::api::configuration::proxy::*;

/// One row of the table.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decision {
    http_proxy: String,
    https_proxy: String,
    no_proxy: String,
    server: String,
    /// The proxy that Go chooses. Empty for no proxy.
    proxy: String,
}

#[test]
fn the_proxy_is_the_one_that_go_chooses() {
    let decisions: Vec<Decision> = serde_json::from_str(include_str!("decisions.json")).unwrap();
    assert!(decisions.len() >= 32, "{}", decisions.len());
    for row in decisions {
        let variables = ProxyVariables {
            for_http: row.http_proxy.clone(),
            for_https: row.https_proxy.clone(),
            excluded: row.no_proxy.clone(),
        };
        let chosen = variables.choose_proxy(&row.server.parse().unwrap()).unwrap();
        let chosen = chosen.map_or_else(String::new, |proxy| proxy.to_string());
        assert_eq!(chosen.trim_end_matches('/'), row.proxy, "{row:?}");
    }
}

#[test]
fn a_socks_proxy_gets_the_scheme_and_the_port_that_the_client_needs() {
    for (typed, expected) in [
        ("socks5://proxy.test", "socks5://proxy.test:1080/"),
        ("socks5h://proxy.test:9", "socks5://proxy.test:9/"),
    ] {
        let variables = ProxyVariables { for_https: typed.to_owned(), ..ProxyVariables::default() };
        let chosen = variables.choose_proxy(&"https://api.test".parse().unwrap());
        assert_eq!(chosen.unwrap().unwrap().to_string(), expected);
    }
}

#[test]
fn a_variable_that_is_no_address_is_an_error_only_for_servers_that_need_the_proxy() {
    let variables = ProxyVariables {
        for_https: "http://user:secret@not a proxy".to_owned(),
        excluded: "direct.test".to_owned(),
        ..ProxyVariables::default()
    };
    let error = variables.choose_proxy(&"https://api.test".parse().unwrap()).unwrap_err();
    assert_eq!(error.summary, "the environment variable HTTPS_PROXY is not the address of a proxy");
    for server in ["https://direct.test", "https://127.0.0.1", "http://api.test"] {
        assert_eq!(variables.choose_proxy(&server.parse().unwrap()).unwrap(), None, "{server}");
    }
}

#[test]
fn a_proxy_url_needs_a_scheme_that_kubectl_accepts() {
    assert_eq!(parse_proxy_url("http://proxy.test:3128").unwrap().to_string(), "http://proxy.test:3128/");
    assert_eq!(parse_proxy_url("socks5://proxy.test").unwrap().to_string(), "socks5://proxy.test:1080/");
    for refused in ["proxy.test:3128", "ftp://proxy.test", "http://", "http://user:secret@", ""] {
        let error = parse_proxy_url(refused).unwrap_err();
        assert_eq!(error.summary, "`proxy-url` is not the address of a proxy", "{refused}");
    }
}

#[test]
fn a_socks_proxy_with_a_password_is_refused_without_showing_the_password() {
    let error = parse_proxy_url("socks5://user:secret@proxy.test").unwrap_err();
    let variables =
        ProxyVariables { for_https: "socks5h://user:secret@proxy.test".to_owned(), ..Default::default() };
    let other = variables.choose_proxy(&"https://api.test".parse().unwrap()).unwrap_err();
    for error in [error, other] {
        assert_eq!(error.summary, "a SOCKS proxy with a user name and a password is not supported");
        assert!(error.hints.len() == 1 && !error.hints[0].contains("secret"), "{:?}", error.hints);
    }
}
