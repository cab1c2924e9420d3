//! The user's configuration: the flags of the connection, kubeconfig, kuberc, and the proxy.

pub(crate) mod connection;
pub(crate) mod kubeconfig;
pub(crate) mod kubeconfig_names;
pub(crate) mod kuberc;
pub(crate) mod proxy;
