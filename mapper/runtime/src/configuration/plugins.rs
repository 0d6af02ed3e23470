//! `<plugins>` of a configuration file: made by what the program registered under their names.

use std::sync::Arc;

use batis_script::{ConfigFile, Diagnostic, Diagnostics, PluginElement};

use crate::interceptor::{Interceptor, Interceptors};
use crate::java_name::class_of;

/// Makes an interceptor of what a configuration file says of it.
type Make = dyn Fn(&PluginElement) -> batis_dbc::Result<Arc<dyn Interceptor>> + Send + Sync;

/// What can be made, by the names of classes.
#[derive(Default)]
pub(super) struct Plugins(Vec<(Box<str>, Box<Make>)>);

impl Plugins {
    pub(super) fn register<I: Interceptor>(
        &mut self,
        name: &str,
        make: impl Fn(&PluginElement) -> batis_dbc::Result<I> + Send + Sync + 'static,
    ) {
        let make = move |element: &PluginElement| make(element).map(|made| Arc::new(made) as Arc<dyn Interceptor>);
        self.0.push((name.into(), Box::new(make)));
    }

    /// The interceptors that a configuration file names, in its order; says which could not be made.
    pub(super) fn made(&self, config: &mut ConfigFile) -> Interceptors {
        let mut made = Interceptors::default();
        let mut wrong = Vec::new();
        for plugin in &config.plugins {
            match self.find(&plugin.interceptor).map(|make| make(plugin)) {
                Some(Ok(interceptor)) => made.push(interceptor),
                Some(Err(error)) => {
                    let message = format!("the plugin `{}` cannot be made: {}", plugin.interceptor, error.message());
                    let help = error.hint_text().map(str::to_owned);
                    wrong.push(Diagnostic::error("E065", plugin.span, message).help_opt(help));
                }
                None => {
                    let message = format!("the plugin `{}` has no effect in batis", plugin.interceptor);
                    let help = "write an Interceptor in Rust and register it: Configuration::builder().plugin(..)";
                    wrong.push(Diagnostic::warning("W060", plugin.span, message).help(help));
                }
            }
        }
        let told = config.warnings.items().iter().cloned().chain(wrong).collect();
        config.warnings = Diagnostics::new(told, config.warnings.shared_files());
        made
    }

    /// By the whole name, or by the class alone.
    fn find(&self, name: &str) -> Option<&Make> {
        let of = |name: &str| self.0.iter().rev().find(|(known, _)| &**known == name).map(|(_, make)| &**make);
        of(name).or_else(|| of(class_of(name)))
    }
}
