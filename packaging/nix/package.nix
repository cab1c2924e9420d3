# Builds kubectl-seq from this checkout: `nix-build -E 'with import <nixpkgs> {}; callPackage ./packaging/nix/package.nix {}'`.
{ lib, rustPlatform, installShellFiles }:

rustPlatform.buildRustPackage {
  pname = "kubectl-seq";
  version = (lib.importTOML ../../Cargo.toml).package.version;
  src = lib.cleanSource ../..;
  cargoLock.lockFile = ../../Cargo.lock;

  nativeBuildInputs = [ installShellFiles ];
  # The tests of the whole program need a terminal.
  cargoTestFlags = [ "--lib" ];
  postInstall = ''
    install -m 755 completions/kubectl_complete-seq $out/bin/
    if [ -d man ]; then installManPage man/*.1; fi
  '';

  meta = {
    description = "Show where the time of a Kubernetes Job's Pods went";
    homepage = "https://github.com/OWNER/kubectl-seq";
    license = lib.licenses.asl20;
    mainProgram = "kubectl-seq";
  };
}
