// Everything here is a comfort: each page works without it.
"use strict";

// An order page that changes by itself.
const watched = document.querySelector("[data-live]");
if (watched && window.EventSource) {
	for (const place of watched.querySelectorAll("[data-part]")) place.dataset.was = place.innerHTML;
	const change = (event) => {
		const { part, html } = JSON.parse(event.data);
		const place = document.getElementById(part);
		const next = document.createElement("template");
		next.innerHTML = html;
		if (!place || next.innerHTML === place.dataset.was) return;
		place.dataset.was = next.innerHTML;
		place.replaceChildren(next.content);
		showCopyButtons();
		const headline = document.querySelector("#status h1");
		if (headline) document.title = headline.textContent + " · Tern";
	};
	let source;
	addEventListener("pageshow", () => {
		source = new EventSource(watched.dataset.live);
		source.addEventListener("part", change);
		source.addEventListener("error", ({ target }) => { // refused: look again in a while, as without script
			if (target.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 10000);
		});
	});
	addEventListener("pagehide", () => source?.close());
}

// Copying, where the browser can.
function showCopyButtons() {
	if (!navigator.clipboard) return;
	for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}
showCopyButtons();
document.addEventListener("click", async (event) => {
	const button = event.target.closest("[data-copy]");
	if (!button) return;
	await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
	const before = button.textContent;
	button.textContent = "Copied";
	setTimeout(() => { button.textContent = before; }, 2000);
});

// One press is enough, though a second would do no harm.
for (const form of document.querySelectorAll("form[data-once]")) {
	form.addEventListener("submit", (event) => {
		if (form.dataset.sent) event.preventDefault();
		form.dataset.sent = "yes";
		form.querySelector("[type=submit]").setAttribute("aria-busy", "true");
	});
}
addEventListener("pageshow", (event) => {
	if (!event.persisted) return;
	for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
});

// A list that gets shorter while one types.
for (const input of document.querySelectorAll("[data-filter]")) {
	const list = document.querySelector(`[data-filtered="${input.dataset.filter}"]`);
	input.addEventListener("input", () => {
		const query = input.value.trim().toLowerCase();
		for (const item of list.children) {
			const name = " " + item.querySelector(".name").textContent.toLowerCase();
			item.hidden = query !== "" && !name.includes(" " + query);
		}
	});
}
