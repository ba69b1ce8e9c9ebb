package form

// istioAPI begins the full names of both kinds and their parts. The Go package istio.io/api/networking/v1 only
// aliases the messages of v1alpha3, so these keep the older version.
const istioAPI = "istio.networking.v1alpha3."
