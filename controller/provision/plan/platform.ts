/** What all data planes of an installation have in common. */
export interface Platform {
  readonly controllerName: string;
  /** The image of the data plane. */
  readonly image: string;
  /** Null: as Kubernetes chooses by the image's tag. */
  readonly pullPolicy: string | null;
  /** Names of Secrets, in each Gateway's namespace. */
  readonly pullSecrets: readonly string[];
  /** `https://host:port` of the controllers. */
  readonly controllerUrl: string;
  /** Of the tokens by which data planes prove who they are. */
  readonly audience: string;
  /** The authorities that data planes check controllers by, PEM. */
  readonly authorities: string;
}
