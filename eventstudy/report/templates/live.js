(function(){
"use strict";
var store=document.getElementById("charts"),plotly=window.Plotly;
if(!store||!plotly||!window.IntersectionObserver)return;
var charts=JSON.parse(store.textContent),drawn=[],root=document.documentElement;
var small=window.matchMedia("(max-width:40rem)"),coarse=window.matchMedia("(pointer:coarse)");
var colored={color:1,fillcolor:1,linecolor:1,gridcolor:1,bgcolor:1,bordercolor:1};
var config={responsive:true,displayModeBar:false,doubleClick:"reset",showTips:false};
function shade(name){return typeof name==="string"&&name.charAt(0)==="@"?getComputedStyle(root).getPropertyValue("--"+name.slice(1)).trim():name}
function painted(value,key){
  if(Array.isArray(value))return value.map(function(v){return painted(v,key)});
  if(value&&typeof value==="object"){
    var out={};
    Object.keys(value).forEach(function(k){out[k]=painted(value[k],k)});
    return out;
  }
  return colored[key]===1?shade(value):value;
}
function plain(text){return text.replace(/&/g,"&amp;").replace(/</g,"&lt;").replace(/>/g,"&gt;")}
function figureOf(box){
  var chart=charts[box.dataset.chart];
  var data=painted(chart.data),layout=painted(chart.layout),main=data[chart.main];
  main.hoverinfo="text";
  main.hovertext=chart.says.map(function(lines){return lines.map(plain).join("<br>")});
  layout.autosize=true;
  layout.showlegend=false;
  layout.paper_bgcolor=layout.plot_bgcolor="rgba(0,0,0,0)";
  layout.margin={l:8,r:12,t:10,b:8};
  layout.font={family:getComputedStyle(document.body).fontFamily,size:small.matches?11:12.5,color:shade("@ink")};
  layout.hoverlabel={bgcolor:shade("@panel"),bordercolor:shade("@muted"),align:"left",font:{family:layout.font.family,color:shade("@ink"),size:12}};
  layout.dragmode=coarse.matches?false:"zoom";
  return {data:data,layout:layout};
}
function draw(box){
  var figure=box.parentNode,still=figure.querySelector("svg.chart");
  box.style.height=Math.max(240,Math.round(still.getBoundingClientRect().height))+"px";
  box.hidden=false;
  figure.classList.add("asked");
  var made=figureOf(box);
  plotly.newPlot(box,made.data,made.layout,config);
  drawn.push(box);
  ask(box);
}
function ask(box){
  var chart=charts[box.dataset.chart],points=chart.data[chart.main],said=box.parentNode.querySelector(".told-point");
  var there=points.y.map(function(v,i){return v===null?-1:i}).filter(function(i){return i>=0});
  var at=-1;
  function leave(){at=-1;said.textContent="";plotly.Fx.unhover(box)}
  box.addEventListener("keydown",function(event){
    var last=there.length-1,key=event.key;
    if(key==="Escape"){leave();return}
    if(last<0||event.altKey||event.ctrlKey||event.metaKey)return;
    if(key==="ArrowRight")at=Math.min(at+1,last);
    else if(key==="ArrowLeft")at=at<0?last:Math.max(at-1,0);
    else if(key==="Home")at=0;
    else if(key==="End")at=last;
    else return;
    event.preventDefault();
    plotly.Fx.hover(box,[{curveNumber:chart.main,pointNumber:there[at]}]);
    said.textContent=chart.says[there[at]].join(", ");
  });
  box.addEventListener("blur",leave);
}
var watch=new IntersectionObserver(function(seen){
  seen.forEach(function(entry){
    if(!entry.isIntersecting)return;
    watch.unobserve(entry.target);
    draw(entry.target.querySelector(".live"));
  });
},{rootMargin:"400px"});
document.querySelectorAll(".live").forEach(function(box){watch.observe(box.parentNode)});
document.querySelectorAll(".hint").forEach(function(p){p.hidden=false});
window.matchMedia("(prefers-color-scheme:dark)").addEventListener("change",function(){
  drawn.forEach(function(box){var made=figureOf(box);plotly.react(box,made.data,made.layout,config)});
});
}());
