// What the board uses of SortableJS, which static/vendor holds and the page loads as a plain script.

interface SortableEvent {
  item: HTMLElement
}

interface SortableOptions {
  group?: string
  draggable?: string
  animation?: number
  delay?: number
  delayOnTouchOnly?: boolean
  touchStartThreshold?: number
  ghostClass?: string
  filter?: string
  preventOnFilter?: boolean
  onStart?(event: SortableEvent): void
  onUpdate?(event: SortableEvent): void
  onAdd?(event: SortableEvent): void
  onEnd?(event: SortableEvent): void
}

declare const Sortable: { create(list: HTMLElement, options: SortableOptions): unknown }
