// The bundle's entry: Streamlit imports the default export, a bare page is filled at once.

import { mountOnPage } from "./bare";
import { component } from "./streamlit";

export default component;

mountOnPage();
