// An event, and the listeners that want to hear of it.

export class Signal<Value = void> {
  private readonly listeners = new Set<(value: Value) => void>();

  /** Listen; the function returned stops that. */
  on(listener: (value: Value) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  emit(value: Value): void {
    for (const listener of [...this.listeners]) listener(value);
  }
}
