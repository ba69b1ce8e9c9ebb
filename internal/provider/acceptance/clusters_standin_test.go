package acceptance_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	framework "github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// cloud is what an example of a managed cluster needs of its cloud's provider: the data source of a cluster, in the
// shape that the provider has. It stands in for a provider of hundreds of megabytes that asks the cloud.
type cloud struct {
	dataSource string
	// given are the arguments of the provider block, and of the data source.
	block, given []string
	// features says that the provider block needs an empty block of this name.
	features string
	// list is the attribute with a list of one object, which holds authority.
	list, authority string
	// endpoint is where the address of the API server is; without a slash it stands beside the list. Bare says that
	// there is no scheme in it.
	endpoint string
	bare     bool
}

// clouds by the name of their provider. Sources: the reference of aws_eks_cluster, google_container_cluster and
// azurerm_kubernetes_cluster in the Terraform Registry.
var clouds = map[string]cloud{
	"aws": {
		dataSource: "aws_eks_cluster", block: []string{"region"}, given: []string{"name"},
		list: "certificate_authority", authority: "data", endpoint: "endpoint",
	},
	"google": {
		dataSource: "google_container_cluster", block: []string{"project"}, given: []string{"name", "location"},
		list: "master_auth", authority: "cluster_ca_certificate", endpoint: "endpoint", bare: true,
	},
	"azurerm": {
		// Without subscription_id version 4 wants it in the environment; that of the Azure CLI does not count.
		dataSource: "azurerm_kubernetes_cluster", features: "features", block: []string{"subscription_id"},
		given: []string{"name", "resource_group_name"},
		list:  "kube_config", authority: "cluster_ca_certificate", endpoint: "kube_config/host",
	},
}

// standIn returns the cloud that this process has to stand in for, as which Terraform started it.
func standIn() (cloud, bool) {
	c, ok := clouds[strings.TrimPrefix(filepath.Base(os.Args[0]), "terraform-provider-")]
	return c, ok
}

// The address of the API server and its certificate authority, which a stand-in tells of every cluster.
const (
	standInHost      = "MESH_TEST_STAND_IN_HOST"
	standInAuthority = "MESH_TEST_STAND_IN_AUTHORITY"
)

// installClouds lets a working directory use the stand-ins, which tell of the cluster of a connection.
func installClouds(t *testing.T, c *cli, host, authority string) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	overrides := ""
	for name := range maps.Keys(clouds) {
		folder := filepath.Join(c.dir, "clouds", name)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(executable, filepath.Join(folder, "terraform-provider-"+name)); err != nil {
			t.Fatal(err)
		}
		for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			overrides += fmt.Sprintf("    %q = %q\n", registry+"/hashicorp/"+name, folder)
		}
	}
	settings := readFile(t, filepath.Join(c.dir, "cli.tfrc"))
	c.write("cli.tfrc", strings.Replace(settings, "dev_overrides {\n", "dev_overrides {\n"+overrides, 1))
	c.env = append(c.env, standInHost+"="+host, standInAuthority+"="+authority)
}

func (c cloud) Metadata(context.Context, framework.MetadataRequest, *framework.MetadataResponse) {}

func (c cloud) Schema(_ context.Context, _ framework.SchemaRequest, response *framework.SchemaResponse) {
	response.Schema.Attributes = map[string]providerschema.Attribute{}
	for _, name := range c.block {
		response.Schema.Attributes[name] = providerschema.StringAttribute{Required: true}
	}
	if c.features != "" {
		response.Schema.Blocks = map[string]providerschema.Block{c.features: providerschema.ListNestedBlock{}}
	}
}

func (c cloud) Configure(context.Context, framework.ConfigureRequest, *framework.ConfigureResponse) {}

func (c cloud) Resources(context.Context) []func() resource.Resource { return nil }

func (c cloud) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return managedCluster{c} }}
}

// managedCluster is the data source of a cloud's cluster.
type managedCluster struct{ cloud cloud }

func (m managedCluster) Metadata(
	_ context.Context, _ datasource.MetadataRequest, response *datasource.MetadataResponse,
) {
	response.TypeName = m.cloud.dataSource
}

func (m managedCluster) Schema(_ context.Context, _ datasource.SchemaRequest, response *datasource.SchemaResponse) {
	computed := datasourceschema.StringAttribute{Computed: true}
	all := map[string]datasourceschema.Attribute{}
	for _, name := range m.cloud.given {
		all[name] = datasourceschema.StringAttribute{Required: true}
	}
	inList := map[string]datasourceschema.Attribute{m.cloud.authority: computed}
	if list, name, ok := strings.Cut(m.cloud.endpoint, "/"); ok && list == m.cloud.list {
		inList[name] = computed
	} else {
		all[m.cloud.endpoint] = computed
	}
	all[m.cloud.list] = datasourceschema.ListNestedAttribute{
		Computed: true, NestedObject: datasourceschema.NestedAttributeObject{Attributes: inList},
	}
	response.Schema.Attributes = all
}

func (m managedCluster) Read(
	ctx context.Context, request datasource.ReadRequest, response *datasource.ReadResponse,
) {
	host, of := os.Getenv(standInHost), path.Root(m.cloud.list).AtListIndex(0)
	if m.cloud.bare {
		host = strings.TrimPrefix(host, "https://")
	}
	at := path.Root(m.cloud.endpoint)
	if _, name, ok := strings.Cut(m.cloud.endpoint, "/"); ok {
		at = of.AtName(name)
	}
	response.State.Raw = request.Config.Raw
	authority := base64.StdEncoding.EncodeToString([]byte(os.Getenv(standInAuthority)))
	response.Diagnostics.Append(response.State.SetAttribute(ctx, of.AtName(m.cloud.authority), authority)...)
	response.Diagnostics.Append(response.State.SetAttribute(ctx, at, host)...)
}
