package main
import ("testing";"fmt";"sort";"math")
func TestDebug(t *testing.T){
 rs:=rules()[:6]
 cells := simulate(worlds(), rs, 1, effort{60, 30})
 group:=func(name string, key func(w world)string){
  m:=map[string][]float64{}; f:=map[string]share{}; cg:=map[string]share{}; co:=map[string]share{}
  for _,c:=range cells{ k:=key(c.world); if c.world.harmless(){ if c.world.rate>0 {f[k]=f[k].plus(c.tallies[0].ended)}; continue}
   cg[k]=cg[k].plus(c.tallies[0].ended);co[k]=co[k].plus(c.tallies[1].ended)
   if c.world.kind.broken!="" && name!="kind" {continue}
   if x,ok:=c.relative(0);ok{ m[k]=append(m[k],x)}}
  var ks []string; for k:=range m{ks=append(ks,k)}; sort.Strings(ks)
  for _,k:=range ks{s:=0.0;lg:=0.0;for _,x:=range m[k]{s+=x;lg+=math.Log(x)};sort.Float64s(m[k]); fmt.Printf("GEO %.2f MED %.2f %-6s %-28s n=%d false %.2f caught %.2f oracle %.2f excess %.2f\n",math.Exp(lg/float64(len(m[k]))),m[k][len(m[k])/2],name,k,len(m[k]),f[k].rate()*100,cg[k].rate()*100,co[k].rate()*100,s/float64(len(m[k])))}
 }
 group("all",func(w world)string{return ""})
 group("gross",func(w world)string{return fmt.Sprint(w.defect.gross())})
 group("kind",func(w world)string{return w.kind.name})
 group("kindgross",func(w world)string{return fmt.Sprint(w.kind.name,w.defect.gross())})
 group("plan",func(w world)string{return w.plan.name})
 group("plangross",func(w world)string{return fmt.Sprint(w.plan.name,w.defect.gross())})
 group("rps",func(w world)string{return fmt.Sprint(w.rps,w.defect.gross())})
 group("rate",func(w world)string{return fmt.Sprint(w.rate,w.defect.gross())})
 group("def",func(w world)string{return w.defect.name})
 group("ind",func(w world)string{return fmt.Sprint(w.kind.name=="independent failures",w.defect.name)})
 sort.Slice(cells,func(i,j int)bool{a,_:=cells[i].relative(0);b,_:=cells[j].relative(0);return a>b})
 for _,c:=range cells[:40]{x,_:=c.relative(0);fmt.Printf("%.1f %v %v vs %v\n",x,c.world,c.tallies[0].ended,c.tallies[1].ended)}
}
