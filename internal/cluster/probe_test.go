package cluster
import ("testing";"net/http";"net/http/httptest";"fmt";"errors")
func isNotJSON(error) bool { return false }
func TestProbe(t *testing.T){
 for _, b := range []string{"<html>login</html>", `{"a":1}`, `{"kind":"Foo","apiVersion":"v1"}`, "", "null", "[]"} {
 s:=httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,_ *http.Request){w.Header().Set("Content-Type","text/html");w.Write([]byte(b))}))
 c,err:=Connect(Config{Host:s.URL}); if err!=nil{t.Fatal(err)}
 _,err=c.Get(t.Context(), Address{Kind:"VirtualService",Namespace:"a",Name:"b"})
 for e:=err;e!=nil;e=errors.Unwrap(e){fmt.Printf("%q: %T %v\n",b,e,e)}
 fmt.Println("err",err)
 }
}
