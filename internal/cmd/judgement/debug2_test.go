package main
import ("testing";"fmt")
func TestDebug2(t *testing.T){
 rs:=rules()[:6]
 var ws []world
 for _,w:=range worlds(){ if w.harmless()&&w.kind.noise==incidents{ws=append(ws,w)}}
 cells := simulate(ws, rs, 1, effort{300, 30})
 for _,c:=range cells{ fmt.Println(c.world, c.tallies[0].ended, c.tallies[3].ended,c.tallies[4].ended,c.tallies[5].ended)}
}
