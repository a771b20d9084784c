// Layouts, templates and watchlists that the reader named: kept by the server, each user's own.

/** A layout is what all charts show; a template a look and indicators for any symbol; a watchlist some symbols. */
export type Kind = "layout" | "template" | "watchlist";
export type Content = Readonly<Record<string, unknown>>;
export type Kept = Readonly<Record<Kind, Readonly<Record<string, Content>>>>;

export class LayoutBook {
  constructor(private readonly base: string) {}

  /** All of them; null where the server does not answer. */
  async load(): Promise<Kept | null> {
    const answer = await fetch(`${this.base}/api/layouts`).catch(() => null);
    return answer?.ok ? ((await answer.json()) as Kept) : null;
  }

  /** Keep one under a name. What comes back says why where it was refused. */
  put(kind: Kind, name: string, content: Content): Promise<string | null> {
    const headers = { "Content-Type": "application/json" };
    return this.ask(kind, name, { method: "PUT", headers, body: JSON.stringify(content) });
  }

  remove(kind: Kind, name: string): Promise<string | null> {
    return this.ask(kind, name, { method: "DELETE" });
  }

  private async ask(kind: Kind, name: string, request: RequestInit): Promise<string | null> {
    const answer = await fetch(`${this.base}/api/layouts/${kind}/${encodeURIComponent(name)}`, request).catch(() => null);
    if (answer === null) return "the server does not answer";
    return answer.ok ? null : (await answer.text()).trim();
  }
}
