import { mount } from "svelte";
import App from "./app/App.svelte";
import { kept } from "./app/kept.ts";
import { route } from "./app/route.svelte.ts";
import { theme } from "./app/theme.svelte.ts";
import { live } from "./live/city.svelte.ts";
import { comeBack } from "./session/back.ts";
import { session } from "./session/session.svelte.ts";
import { language } from "./text/language.svelte.ts";
import "./style/base.css";

const back = comeBack();
if (back.view) route.stand(back.view);
language.start(route.asked("lang"));
theme.start(route.asked("theme"));
session.start(back.reason);
void live.start(route.asked("city") ?? kept("city"));
mount(App, { target: document.body });
