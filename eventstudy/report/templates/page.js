(function(){
"use strict";
document.querySelectorAll("table[data-sortable]").forEach(function(table){
  var heads=table.tHead.rows[0].cells,body=table.tBodies[0];
  Array.prototype.forEach.call(heads,function(th,col){
    var button=document.createElement("button");
    button.type="button";
    while(th.firstChild)button.appendChild(th.firstChild);
    th.appendChild(button);
    button.addEventListener("click",function(){
      var up=th.getAttribute("aria-sort")!=="ascending";
      Array.prototype.forEach.call(heads,function(h){h.removeAttribute("aria-sort")});
      th.setAttribute("aria-sort",up?"ascending":"descending");
      var numeric=th.classList.contains("n");
      var rows=Array.prototype.slice.call(body.rows).map(function(r,i){
        var v=r.cells[col].getAttribute("data-v");
        if(v!==null&&(numeric||(v!==""&&!isNaN(v))))v=parseFloat(v);
        return {r:r,v:v,i:i};
      });
      rows.sort(function(a,b){
        if(a.v===null||b.v===null)return a.v===b.v?a.i-b.i:(a.v===null?1:-1);
        var d=a.v<b.v?-1:a.v>b.v?1:0;
        return d?(up?d:-d):a.i-b.i;
      });
      rows.forEach(function(x){body.appendChild(x.r)});
    });
  });
});
window.addEventListener("beforeprint",function(){document.querySelectorAll("details:not(.data):not(.fold)").forEach(function(d){d.open=true})});
}());
