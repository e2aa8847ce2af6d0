import { mount } from "svelte";
import App from "./app/App.svelte";
import { kept } from "./app/kept.ts";
import { route } from "./app/route.svelte.ts";
import { theme } from "./app/theme.svelte.ts";
import { live } from "./live/city.svelte.ts";
import { session } from "./session/session.svelte.ts";
import { language } from "./text/language.svelte.ts";
import "./style/base.css";

language.start(route.asked("lang"));
theme.start(route.asked("theme"));
session.start();
void live.start(route.asked("city") ?? kept("city"));
mount(App, { target: document.body });
