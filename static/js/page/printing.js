// Before a page is printed: links that say less than where they lead get their address beside them (css/print.css).

import { all } from "./dom.js"
import { addressBeside } from "./link_addresses.js"

function nameAddresses() {
  /** @type {HTMLAnchorElement[]} */
  const links = all(document, ":is(.prose, .entry__text, .code__what) a[href]")
  for (const link of links) {
    const address = addressBeside(link.textContent ?? "", link.getAttribute("href") ?? "", location.origin)
    if (address) link.dataset.address = address
  }
}

addEventListener("beforeprint", nameAddresses)
