//! What a customer does: looks around, signs in, orders, and fails to order the same line twice.

use batis::prelude::*;
use serde::{Deserialize, Serialize};

const CATEGORY: &str = "org.mybatis.jpetstore.mapper.CategoryMapper.";
const PRODUCT: &str = "org.mybatis.jpetstore.mapper.ProductMapper.";
const ITEM: &str = "org.mybatis.jpetstore.mapper.ItemMapper.";
const ACCOUNT: &str = "org.mybatis.jpetstore.mapper.AccountMapper.";
const ORDER: &str = "org.mybatis.jpetstore.mapper.OrderMapper.";
const LINE: &str = "org.mybatis.jpetstore.mapper.LineItemMapper.";
const SEQUENCE: &str = "org.mybatis.jpetstore.mapper.SequenceMapper.";

#[derive(Debug, Deserialize)]
#[allow(dead_code)] // printed through Debug
struct Category {
    category_id: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Product {
    product_id: String,
    name: String,
    category_id: String,
}

/// An item with its product nested: the mapper's columns are named `product.productId` and so on.
#[derive(Debug, Deserialize)]
struct Item {
    item_id: String,
    product: Product,
    list_price: f64,
    supplier_id: Option<i32>,
    attribute1: Option<String>,
    #[serde(default)]
    quantity: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Account {
    username: String,
    email: String,
    first_name: String,
    address2: Option<String>,
    favourite_category_id: String,
    list_option: bool,
    banner_name: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Sequence {
    name: String,
    #[serde(alias = "nextid")]
    next_id: i32,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Order {
    order_id: i32,
    username: String,
    order_date: String,
    ship_address1: String,
    ship_address2: Option<String>,
    ship_city: String,
    ship_state: String,
    ship_zip: String,
    ship_country: String,
    bill_address1: String,
    bill_address2: Option<String>,
    bill_city: String,
    bill_state: String,
    bill_zip: String,
    bill_country: String,
    courier: String,
    total_price: f64,
    bill_to_first_name: String,
    bill_to_last_name: String,
    ship_to_first_name: String,
    ship_to_last_name: String,
    credit_card: String,
    expiry_date: String,
    card_type: String,
    locale: String,
    status: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct LineItem {
    order_id: i32,
    line_number: i32,
    item_id: String,
    quantity: i32,
    unit_price: f64,
}

/// Visits the shop and tells what was seen, a line each.
pub(crate) async fn visit(session: &SqlSession) -> Result<Vec<String>, batis::Error> {
    let mut seen = Vec::new();
    look_around(session, &mut seen).await?;
    sign_in(session, &mut seen).await?;
    buy(session, &mut seen).await?;
    fail_to_buy(session, &mut seen).await?;
    Ok(seen)
}

async fn look_around(session: &SqlSession, seen: &mut Vec<String>) -> Result<(), batis::Error> {
    let mut categories: Vec<Category> = session.select_list(&format!("{CATEGORY}getCategoryList"), ()).await?;
    categories.sort_by(|a, b| a.category_id.cmp(&b.category_id));
    seen.push(format!("categories: {categories:?}"));
    let mut dogs: Vec<Product> = session.select_list(&format!("{PRODUCT}getProductListByCategory"), &"DOGS").await?;
    dogs.sort_by(|a, b| a.product_id.cmp(&b.product_id));
    seen.push(format!("dogs: {dogs:?}"));
    let fishes: Vec<Product> = session.select_list(&format!("{PRODUCT}searchProductList"), &"%angel%").await?;
    seen.push(format!("angels: {fishes:?}"));
    let mut items: Vec<Item> = session.select_list(&format!("{ITEM}getItemListByProduct"), &"FI-SW-01").await?;
    items.sort_by(|a, b| a.item_id.cmp(&b.item_id));
    seen.extend(items.iter().map(|i| {
        format!(
            "item {} of {} ({}): {:.2}, supplier {:?}, {:?}, {:?}",
            i.item_id, i.product.name, i.product.product_id, i.list_price, i.supplier_id, i.attribute1, i.quantity
        )
    }));
    Ok(())
}

async fn sign_in(session: &SqlSession, seen: &mut Vec<String>) -> Result<(), batis::Error> {
    let by_name: Option<Account> = session.select_opt(&format!("{ACCOUNT}getAccountByUsername"), &"j2ee").await?;
    seen.push(format!("account: {by_name:?}"));
    // Two arguments: the mapper file names them #{param1} and #{param2}, as MyBatis does.
    let (username, password) = ("j2ee", "wrong");
    let refused: Option<Account> = session
        .select_opt(
            &format!("{ACCOUNT}getAccountByUsernameAndPassword"),
            batis::params! { username: username, password: password },
        )
        .await?;
    seen.push(format!("wrong password: {refused:?}"));
    Ok(())
}

fn new_order(order_id: i32) -> (Order, Vec<LineItem>) {
    let text = |t: &str| t.to_owned();
    let order = Order {
        order_id,
        username: text("j2ee"),
        order_date: text("2024-01-31"),
        ship_address1: text("901 San Antonio Road"),
        ship_address2: None,
        ship_city: text("Palo Alto"),
        ship_state: text("CA"),
        ship_zip: text("94303"),
        ship_country: text("USA"),
        bill_address1: text("901 San Antonio Road"),
        bill_address2: Some(text("MS UCUP02-206")),
        bill_city: text("Palo Alto"),
        bill_state: text("CA"),
        bill_zip: text("94303"),
        bill_country: text("USA"),
        courier: text("UPS"),
        total_price: 49.5,
        bill_to_first_name: text("ABC"),
        bill_to_last_name: text("XYX"),
        ship_to_first_name: text("ABC"),
        ship_to_last_name: text("XYX"),
        credit_card: text("999 9999 9999 9999"),
        expiry_date: text("12/30"),
        card_type: text("Visa"),
        locale: text("CA"),
        status: text("P"),
    };
    let line = |line_number, item_id: &str, quantity| LineItem {
        order_id,
        line_number,
        item_id: text(item_id),
        quantity,
        unit_price: 16.5,
    };
    (order, vec![line(1, "EST-1", 1), line(2, "EST-2", 2)])
}

/// Numbers the order and writes it with its lines, in one transaction.
async fn place_order(session: &SqlSession, twice: bool) -> Result<i32, batis::Error> {
    session
        .tx(|t| async move {
            let sequence: Sequence = t.select_one(&format!("{SEQUENCE}getSequence"), &"ordernum").await?;
            let next = Sequence { next_id: sequence.next_id + 1, name: sequence.name };
            t.update(&format!("{SEQUENCE}updateSequence"), &next).await?;
            let (order, mut lines) = new_order(sequence.next_id);
            if twice {
                lines.push(lines[0].clone());
            }
            for line in &lines {
                let taken = batis::params! { itemId: &line.item_id, increment: line.quantity };
                t.update(&format!("{ITEM}updateInventoryQuantity"), taken).await?;
            }
            t.insert(&format!("{ORDER}insertOrder"), &order).await?;
            t.insert(&format!("{ORDER}insertOrderStatus"), &order).await?;
            for line in &lines {
                t.insert(&format!("{LINE}insertLineItem"), line).await?;
            }
            Ok(sequence.next_id)
        })
        .await
}

async fn buy(session: &SqlSession, seen: &mut Vec<String>) -> Result<(), batis::Error> {
    let order_id = place_order(session, false).await?;
    let order: Order = session.select_one(&format!("{ORDER}getOrder"), &order_id).await?;
    seen.push(format!("order: {order:?}"));
    let mut lines: Vec<LineItem> = session.select_list(&format!("{LINE}getLineItemsByOrderId"), &order_id).await?;
    lines.sort_by_key(|l| l.line_number);
    seen.push(format!("lines: {lines:?}"));
    stock(session, seen).await
}

async fn fail_to_buy(session: &SqlSession, seen: &mut Vec<String>) -> Result<(), batis::Error> {
    let error = place_order(session, true).await.expect_err("the same line twice breaks the primary key");
    seen.push(format!("refused with {}", error.sql_state().map_or_else(String::new, |s| s.to_string())));
    let orders: Vec<Order> = session.select_list(&format!("{ORDER}getOrdersByUsername"), &"j2ee").await?;
    seen.push(format!("orders afterwards: {}", orders.len()));
    let sequence: Sequence = session.select_one(&format!("{SEQUENCE}getSequence"), &"ordernum").await?;
    seen.push(format!("next order: {}", sequence.next_id));
    stock(session, seen).await
}

async fn stock(session: &SqlSession, seen: &mut Vec<String>) -> Result<(), batis::Error> {
    for item in ["EST-1", "EST-2"] {
        let quantity: i32 = session.select_one(&format!("{ITEM}getInventoryQuantity"), &item).await?;
        let full: Item = session.select_one(&format!("{ITEM}getItem"), &item).await?;
        seen.push(format!("{item} in stock: {quantity} {:?} {}", full.quantity, full.product.category_id));
    }
    Ok(())
}
