package crud

import "testing"

// An id in the form of kubernetes_manifest is that of the same object; any other is what it is.
func TestPlainID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"apiVersion=networking.istio.io/v1,kind=VirtualService,namespace=shop,name=reviews": "shop/reviews",
		"apiVersion=networking.istio.io/v1beta1, kind=DestinationRule, name=reviews":        "default/reviews",
		"apiVersion=v1,kind=Service,namespace=shop,name=reviews": "apiVersion=v1," +
			"kind=Service,namespace=shop,name=reviews",
		"apiVersion=networking.istio.io/v1,kind=VirtualService": "apiVersion=networking.istio.io/v1," +
			"kind=VirtualService",
		"shop/reviews": "shop/reviews",
		"a=b,c":        "a=b,c",
		"":             "",
	} {
		if got := plainID(id); got != want {
			t.Errorf("%q is %q, want %q", id, got, want)
		}
	}
}
