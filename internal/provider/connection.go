package provider

import (
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// connectionAttributes are named, and mean, what they do in hashicorp/kubernetes.
func connectionAttributes() map[string]schema.Attribute {
	text := func(description, environment string) schema.StringAttribute {
		return schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: description + " Environment variable: `" + environment + "`.",
		}
	}
	secret := func(description, environment string) schema.StringAttribute {
		a := text(description, environment)
		a.Sensitive = true
		return a
	}
	return map[string]schema.Attribute{
		"host": text("URL or `host:port` of the API server. Without it the kubeconfig says where the API server is, "+
			"and inside a cluster the pod's service account. Beside `config_path` or `config_paths` it takes the "+
			"place of the kubeconfig's server, and everything else of the kubeconfig holds. Where the block names "+
			"neither a kubeconfig nor a context, one of another server that the environment names is left out.",
			"KUBE_HOST"),
		"username": text("User name for HTTP basic authentication.", "KUBE_USER"),
		"password": secret("Password for HTTP basic authentication.", "KUBE_PASSWORD"),
		"insecure": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Does not verify the API server's TLS certificate. Defaults to `false`. Environment " +
				"variable: `KUBE_INSECURE`.",
		},
		"tls_server_name": text(
			"Name that the API server's certificate must be for, where it is not the one in `host`.",
			"KUBE_TLS_SERVER_NAME",
		),
		"client_certificate": text("PEM-encoded client certificate for TLS authentication.",
			"KUBE_CLIENT_CERT_DATA"),
		"client_key": secret("PEM-encoded key of the client certificate.", "KUBE_CLIENT_KEY_DATA"),
		"cluster_ca_certificate": text(
			"PEM-encoded certificates of the authorities that may sign the API server's certificate.",
			"KUBE_CLUSTER_CA_CERT_DATA",
		),
		"config_path": text("Path of the kubeconfig file; a leading `~` is the home directory.", "KUBE_CONFIG_PATH"),
		"config_paths": schema.ListAttribute{
			ElementType: types.StringType, Optional: true,
			Validators: []validator.List{listvalidator.ConflictsWith(path.MatchRoot("config_path"))},
			MarkdownDescription: "Paths of several kubeconfig files, merged as kubectl merges them: the first that " +
				"sets a value wins. Environment variable: `KUBE_CONFIG_PATHS`, separated like `PATH`.",
		},
		"config_context": text("Context of the kubeconfig to use instead of its current one.", "KUBE_CTX"),
		"config_context_auth_info": text("User of the kubeconfig to use instead of the context's.",
			"KUBE_CTX_AUTH_INFO"),
		"config_context_cluster": text("Cluster of the kubeconfig to use instead of the context's.",
			"KUBE_CTX_CLUSTER"),
		"token": secret("Bearer token, such as that of a service account.", "KUBE_TOKEN"),
		"proxy_url": text("URL of a proxy for all requests to the API server, with `http`, `https` or `socks5` scheme.",
			"KUBE_PROXY_URL"),
	}
}

// connectionBlocks holds exec, which is a block in hashicorp/kubernetes too.
func connectionBlocks() map[string]schema.Block {
	return map[string]schema.Block{
		"exec": schema.ListNestedBlock{
			MarkdownDescription: "Command that prints credentials, such as `aws eks get-token`. It runs again when " +
				"they expire.",
			Validators: []validator.List{listvalidator.SizeAtMost(1)},
			NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"api_version": schema.StringAttribute{
					Required: true,
					MarkdownDescription: "API version of the credentials that the command prints, such as " +
						"`client.authentication.k8s.io/v1`.",
				},
				"command": schema.StringAttribute{
					Required:            true,
					MarkdownDescription: "Command to run: a path, or a name that is looked up in `PATH`.",
				},
				"args": schema.ListAttribute{
					ElementType: types.StringType, Optional: true, MarkdownDescription: "Arguments of the command.",
				},
				"env": schema.MapAttribute{
					ElementType: types.StringType, Optional: true, Sensitive: true,
					MarkdownDescription: "Environment variables for the command, besides those of Terraform.",
				},
			}},
		},
	}
}

// readSwitch reads a boolean attribute, or a variable of the environment where the block is silent.
func readSwitch(r *attr.Reader, name, environment string) bool {
	if r.Has(name) {
		return r.Bool(name)
	}
	on, err := strconv.ParseBool(os.Getenv(environment))
	return on && err == nil
}

// refuseBase64 reports certificates and keys that are the base64 of PEM, as cloud providers and kubeconfigs have
// them.
func refuseBase64(r *attr.Reader, refuse func(at path.Path, reason string)) {
	for _, name := range []string{"cluster_ca_certificate", "client_certificate", "client_key"} {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(r.String(name)))
		if block, _ := pem.Decode(raw); err == nil && block != nil {
			refuse(path.Root(name), "is the base64 of PEM; decode it: "+name+" = base64decode(...)")
		}
	}
}

// readConnection reads the connection from the provider block, and from the environment where the block is silent.
func readConnection(r *attr.Reader) cluster.Config {
	text := func(name, environment string) string {
		if r.Has(name) {
			return r.String(name)
		}
		return os.Getenv(environment)
	}
	config := cluster.Config{
		Host:                  text("host", "KUBE_HOST"),
		Username:              text("username", "KUBE_USER"),
		Password:              text("password", "KUBE_PASSWORD"),
		TLSServerName:         text("tls_server_name", "KUBE_TLS_SERVER_NAME"),
		ClientCertificate:     text("client_certificate", "KUBE_CLIENT_CERT_DATA"),
		ClientKey:             text("client_key", "KUBE_CLIENT_KEY_DATA"),
		ClusterCACertificate:  text("cluster_ca_certificate", "KUBE_CLUSTER_CA_CERT_DATA"),
		ConfigContext:         text("config_context", "KUBE_CTX"),
		ConfigContextAuthInfo: text("config_context_auth_info", "KUBE_CTX_AUTH_INFO"),
		ConfigContextCluster:  text("config_context_cluster", "KUBE_CTX_CLUSTER"),
		Token:                 text("token", "KUBE_TOKEN"),
		ProxyURL:              text("proxy_url", "KUBE_PROXY_URL"),
	}
	config.Insecure = readSwitch(r, "insecure", "KUBE_INSECURE")
	// Of host and kubeconfig the one in the block says which cluster is meant, and not the environment.
	if r.String("config_path") != "" || len(r.Strings("config_paths")) > 0 {
		config.Host = r.String("host")
	} else {
		config.HostAlone = r.Has("host") && !r.Has("config_context") && !r.Has("config_context_cluster") &&
			!r.Has("config_context_auth_info")
	}
	switch several := os.Getenv("KUBE_CONFIG_PATHS"); {
	case r.Has("config_paths"):
		config.ConfigPaths = r.Strings("config_paths")
	case text("config_path", "KUBE_CONFIG_PATH") != "":
		config.ConfigPaths = []string{text("config_path", "KUBE_CONFIG_PATH")}
	case several != "":
		config.ConfigPaths = filepath.SplitList(several)
	}
	r.Each("exec", func(_ int, exec *attr.Reader) {
		config.Exec = &cluster.Exec{
			APIVersion: exec.String("api_version"), Command: exec.String("command"),
			Args: exec.Strings("args"), Env: exec.StringMap("env"),
		}
	})
	return config
}
